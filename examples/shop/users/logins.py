"""Who can sign in to the demo; everybody knows these passwords."""

from typing import NamedTuple


class Login(NamedTuple):
    """How somebody of the demo signs in."""

    email: str
    password: str


DEMO = Login("demo@shop.example", "demo")
SUPPORT = Login("support@shop.example", "support")
CUSTOMER = Login("customer@shop.example", "customer")
