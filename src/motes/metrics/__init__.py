"""How near an estimate is to its reference: reported, never trained on."""
