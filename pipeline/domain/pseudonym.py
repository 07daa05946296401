"""What do our records call somebody, and with which password do they come in first?

Both come from a key that only the pipeline has. Without it a pseudonym leads nowhere; with it the same account gets
the same pseudonym on every machine. A first password that can be made again needs to be kept nowhere, and whoever was
killed while making an account finds its password again. Whoever has the key can do this too: it is a secret as good as
the token of Label Studio's administrator.
"""

import hmac

_PASSWORD_CHARS = 20
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is taken for something else on paper; its 31 signs give 99 bits."""


def pseudonym(user_id: int, *, key: bytes) -> str:
    """What our records call a Label Studio user: the same every time, and nothing that leads back without the key."""
    return f"annotator-{hmac.new(key, str(user_id).encode(), 'sha256').hexdigest()[:16]}"


def first_password(email: str, *, key: bytes) -> str:
    """The password that an account is made with."""
    number = int.from_bytes(hmac.new(key, f"password\x1f{email.lower()}".encode(), "sha512").digest(), "big")
    signs = []
    for _ in range(_PASSWORD_CHARS):
        number, sign = divmod(number, len(_ALPHABET))
        signs.append(_ALPHABET[sign])
    return "-".join("".join(signs[at : at + 5]) for at in range(0, _PASSWORD_CHARS, 5))
