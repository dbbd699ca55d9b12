"""The recorder process of one group of channels; outlives the supervisor."""
