"""The outbox: written with the fact, delivered once, retried, shared by workers."""

from __future__ import annotations

from datetime import timedelta

from django.core import mail
from django.db import transaction
from django.utils import timezone

from merchants.models import Notification
from merchants.rules.notification import MOST_ATTEMPTS, Channel, wait_after
from merchants.services import notification as outbox
from merchants.tasks import send_notifications


def write(shop, key="k", channel=Channel.EMAIL, to="dan@example.com") -> Notification:
    return outbox.notify(
        merchant=shop,
        channel=channel,
        kind="test",
        key=key,
        to=to,
        subject="Hello",
        body="Text",
        language="en",
        path="/orders/x/",
    )


class Broken:
    """A gateway that is down: the real failure path, with nothing of ours replaced."""

    def send(self, notification: Notification) -> None:
        raise ConnectionError("gateway is down")


class Overtaken:
    """A gateway that fails only after the lease has run out and another worker has the news."""

    def send(self, notification: Notification) -> None:
        Notification.objects.update(claimed_until=timezone.now() + timedelta(minutes=1))
        raise ConnectionError("gateway is slow, then down")


def test_the_same_key_is_one_mail(shop):
    write(shop)
    write(shop)
    send_notifications()
    send_notifications()
    assert len(mail.outbox) == 1
    assert mail.outbox[0].to == ["dan@example.com"]
    assert "/orders/x/" in mail.outbox[0].body
    assert Notification.objects.get().sent_at


def test_no_news_of_what_was_rolled_back(shop):  # P12
    with transaction.atomic():
        write(shop)
        transaction.set_rollback(True)
    send_notifications()
    assert mail.outbox == []


def test_a_failure_is_tried_again_later_and_given_up_in_the_end(shop, settings):
    settings.SMS_GATEWAY = "tests.merchants.test_notification.Broken"
    write(shop, channel=Channel.SMS, to="+8613800002688")
    for attempt in range(1, MOST_ATTEMPTS + 1):
        Notification.objects.update(due_at=timezone.now())
        send_notifications()
        news = Notification.objects.get()
        assert (news.attempts, news.sent_at) == (attempt, None)
        assert "down" in news.trouble
    assert news.given_up_at
    send_notifications()
    assert Notification.objects.get().attempts == MOST_ATTEMPTS


def test_one_bad_gateway_does_not_stop_the_rest(shop, settings):
    settings.SMS_GATEWAY = "tests.merchants.test_notification.Broken"
    write(shop, key="a", channel=Channel.SMS, to="+86")
    write(shop, key="b")
    send_notifications()
    assert len(mail.outbox) == 1


def test_what_another_worker_holds_is_left_alone_until_its_lease_ends(shop):
    news = write(shop)
    Notification.objects.update(claimed_until=timezone.now() + timedelta(minutes=1))
    send_notifications()
    assert outbox.send(news.pk) is False
    assert mail.outbox == []
    Notification.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    send_notifications()  # the other worker was killed
    assert len(mail.outbox) == 1


def test_news_for_later_waits(shop):
    write(shop)
    Notification.objects.update(due_at=timezone.now() + timedelta(minutes=1))
    send_notifications()
    assert mail.outbox == []


def test_waits_grow_and_end():
    waits = [wait_after(attempt) for attempt in range(1, MOST_ATTEMPTS + 1)]
    assert waits[-1] is None
    assert waits[:-1] == sorted(waits[:-1])


def test_a_text_message_is_written_out(shop, capsys):
    write(shop, channel=Channel.SMS, to="+8613800002688")
    send_notifications()
    assert "+8613800002688" in capsys.readouterr().out


def test_a_worker_that_was_overtaken_leaves_the_other_ones_claim(shop, settings):
    settings.SMS_GATEWAY = "tests.merchants.test_notification.Overtaken"
    news = write(shop, channel=Channel.SMS, to="+8613800002688")
    assert outbox.send(news.pk) is False
    assert Notification.objects.get().claimed_until > timezone.now()
    assert outbox.due(timezone.now()) == []


def test_a_notice_is_read_in_the_language_of_who_reads(paid, as_bob, as_alice, shop):
    for client, language, sentence in (
        (as_bob, "en", "New paid order"),
        (as_alice, "zh-hans", "新订单，已付"),
    ):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
        page = client.get("/dashboard/tea/notices/").text
        assert sentence in page
        assert "{" not in page.split('id="news"')[1].split("</section>")[0]
    notice = Notification.objects.get(channel="in_app")
    assert set(notice.words) == {"en", "zh-hans"}
    assert notice.subject == notice.words["zh-hans"][0]


def test_a_notice_of_one_language_is_still_read(shop):
    old = write(shop, channel=Channel.IN_APP, to="")
    assert (old.headline, old.text) == ("Hello", "Text")
