"""The spine that both servers share: listener, connection, framing, session, worker."""
