"""How Pli seals: keys, wraps, records, passwords, tokens. The only package that imports `cryptography`.

Three things that never lie together unwrap a document key: the secret of the link, the password, and the epoch key of
the link's last day. Formats are exact and carry a version; each has a vector in tests/vectors/crypto.

    labels      every label and the list of application labels
    derive      HKDF, HMAC, the packed ids, the derivations of a link
    keyring     the application keys by number, current and previous
    boxes       small sealed values that carry version and key number
    columns     sealed columns and blind indexes
    epochs      the key of one day, kept outside the database, and its destruction
    records     a document as records of 64 KiB with random access
    envelope    review, outbox and organisation wraps
    custody     the organisation's private key
    linkkeys    the port that `links` asks for
    passwords   the pool that runs Argon2
    signing     the signature of a service account of a carrier
    tokens      random names, secrets, codes and API keys
    nonces      the signed nonce of a form
    boot        noticing a wrong key before it does harm

Not protected here: whoever is root on the running server sees what is uploaded or opened while he is there.
"""
