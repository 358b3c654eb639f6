"""What referees of Meta's channels share: the parameters that its SDK knows for an edge."""


def checked(body, request):
    """Raises for what is no parameter of a request of the SDK, or not of its type."""
    checker = request._param_checker
    for name, value in body.items():
        if not checker.is_valid_key(name):
            raise ValueError(f"messages has no parameter {name}")
        kind = checker.get_type(name)
        # In small letters for the Send API:
        # https://developers.facebook.com/docs/messenger-platform/send-messages/sender-actions
        if kind == "sender_action_enum":
            value = value.upper()
        if not checker.is_type(kind, value):
            raise ValueError(f"{name} is no {kind}: {value}")
