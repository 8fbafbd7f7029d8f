"""Rules about the account that the system is deployed to: the project account/. Other programs are not held to them."""
