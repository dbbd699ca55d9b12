"""The firewall: who may reach which service, as nftables rules and as an answer beforehand."""
