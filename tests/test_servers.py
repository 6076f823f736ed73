"""The servers of the tests are real, fresh and reachable."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import psycopg
import pymysql
import redis

from tests import servers

if TYPE_CHECKING:
    from tests.servers import SmtpSink


def test_postgres_answers(postgres_url: str) -> None:
    """A PostgreSQL database is reachable by its URL; a new one, beside that which tests have used, is empty."""
    with servers.postgres(postgres_url) as url, psycopg.connect(url) as connection:
        tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert tables == (0,)


def test_mariadb_answers(mariadb_url: str) -> None:
    """A MariaDB database is reachable by its URL; a new one, beside that which tests have used, is empty."""
    with servers.mariadb(mariadb_url) as address:
        url = urlsplit(address)
        connection = pymysql.connect(host=url.hostname, port=url.port or 3306, user=url.username, database=url.path[1:])
        with connection, connection.cursor() as cursor:
            assert cursor.execute("SHOW TABLES") == 0


def test_valkey_answers(valkey_url: str) -> None:
    """What is written to Valkey can be read."""
    with redis.Redis.from_url(valkey_url) as client:
        client.set("key", "value")
        assert client.get("key") == b"value"


def test_smtp_sink_keeps_mail_and_logins(smtp_sink: SmtpSink) -> None:
    """A mail sent after a login arrives parsed, and the login is known."""
    url = urlsplit(smtp_sink.url)
    with smtplib.SMTP(str(url.hostname), int(url.port or 0)) as client:
        client.login("shop", "pass")
        client.sendmail("a@example.com", ["b@example.com"], "Subject: hello\n\ntext\n")
    assert smtp_sink.messages[0]["Subject"] == "hello"
    assert smtp_sink.recipients == [["b@example.com"]]
    assert smtp_sink.logins == [("shop", "pass")]
