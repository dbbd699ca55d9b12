"""PSE controllers: the chips that power the PoE ports, over SMBus calls, behind one contract."""
