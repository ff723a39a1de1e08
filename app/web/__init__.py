"""HTTP and nothing else: parse, call one use case, render. One folder per door, one authentication per door.

security      headers, hosts, body sizes, the request log; which path belongs to which door
problems      error class -> status, problem document or page
deps          runtime, addresses, client's network, language
auth          console session, CSRF, roles, API key
uploads       forms and files as they arrive, without a temporary file
templating    pages (texts: their sentences; static_files: what they load)
"""
