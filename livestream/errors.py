"""What the show refuses, and why."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from merchants.errors import OutOfStock, RuleBroken


class WrongState(RuleBroken):
    code = "wrong_state"
    sentence = _("The room has moved on. Look at it again.")


class BadTitle(RuleBroken):
    code = "bad_title"
    status = 422
    sentence = _("A title has 3 to 17 Chinese characters, or 6 to 34 Latin letters.")


class BadStart(RuleBroken):
    code = "bad_start"
    status = 422
    sentence = _("The start must lie between now and six months ahead.")


class EmptyShelf(RuleBroken):
    code = "empty_shelf"
    status = 422
    sentence = _("Put at least one product on the shelf first.")


class FullShelf(RuleBroken):
    code = "full_shelf"
    status = 422
    sentence = _("A shelf holds at most 500 products.")


class ForeignProduct(RuleBroken):
    code = "foreign_product"
    status = 422
    sentence = _("This product is not on sale in this shop.")


class ShelfClosed(RuleBroken):
    code = "shelf_closed"
    sentence = _("The shelf of a room that is over stays as it was.")


class NotOnTheShelf(RuleBroken):
    code = "not_on_the_shelf"
    status = 422
    sentence = _("This is not on the shelf of this room any more.")


class SellsNothing(RuleBroken):
    code = "sells_nothing"
    status = 422
    sentence = _("This room sells nothing any more. Look in the shop instead.")


class NotOnAir(RuleBroken):
    code = "not_on_air"
    sentence = _("The room is not on air.")


class BadDrop(RuleBroken):
    code = "bad_drop"
    status = 422
    sentence = _("A coupon can be dropped for 1 to 300 minutes while it is running.")


class DropOver(RuleBroken):
    code = "drop_over"
    sentence = _("This offer has ended.")


class BadPlayhead(RuleBroken):
    code = "bad_playhead"
    status = 422
    sentence = _("The player shows a moment that cannot be. Reload the page.")


class BadProof(RuleBroken):
    code = "bad_proof"
    status = 422
    sentence = _("This does not prove what your picture shows. Reload the page, then press again.")


class TooEarly(RuleBroken):
    code = "too_early"
    sentence = _("Your picture has not reached this offer yet. Press when you see it.")


class BadFlash(RuleBroken):
    code = "bad_flash"
    status = 422
    sentence = _(
        "A flash sale warms up for 10 to 300 seconds, runs for 1 to 20 minutes, is cheaper than "
        "the shop, and gives each buyer at least one piece."
    )


class NotCheaper(BadFlash):
    sentence = _(
        "The flash price has to be lower than what the goods cost now, here or in the shop."
    )


class UnderFlash(RuleBroken):
    code = "under_flash"
    status = 422
    sentence = _(
        "A flash sale of it is announced: until it is over, the live price stays above it."
    )


class TooFewPieces(OutOfStock):
    sentence = _("Fewer pieces are free than you want to put aside.")


class FlashRunning(RuleBroken):
    code = "flash_running"
    sentence = _("A flash sale of this product is announced already.")


class HasFlash(RuleBroken):
    code = "has_flash"
    sentence = _("A flash sale of it was announced in this show: it stays on the shelf.")


class FlashOver(RuleBroken):
    code = "flash_over"
    sentence = _("The flash sale is over or sold out. Look at the price again.")


class FlashAlone(RuleBroken):
    code = "flash_alone"
    status = 422
    sentence = _("What goes to the first to pay is ordered by itself: no other goods, no gift.")


class FlashLimit(RuleBroken):
    code = "flash_limit"
    status = 422
    sentence = _("That is more than the flash sale gives one buyer. Take fewer.")


class BadDraw(RuleBroken):
    code = "bad_draw"
    status = 422
    sentence = _(
        "A draw has a prize within the limit of this platform, 1 to 100 winners and 1 to 60 "
        "minutes; by a comment it has words to write, by watching 1 to 60 minutes to watch."
    )


class DrawRunning(RuleBroken):
    code = "draw_running"
    sentence = _("A draw is open in this room. It has to be over first.")


class DrawClosed(RuleBroken):
    code = "draw_closed"
    sentence = _(
        "This draw has closed: its list of entries is frozen. Nobody can be added any more."
    )


class DrawWaits(RuleBroken):
    code = "draw_waits"
    sentence = _("This draw cannot be drawn now: it is still open, or waits for its public number.")


class AlreadyDrawn(RuleBroken):
    code = "already_drawn"
    sentence = _("This draw has been drawn. There is one drawing and no second.")


class ListChanged(RuleBroken):
    code = "list_changed"
    sentence = _("The entries are not those that were frozen. This draw cannot be drawn.")


class NotYet(RuleBroken):
    code = "not_yet"
    status = 422
    sentence = _("You cannot take part yet. Look again at what this draw asks for.")


class NotYours(RuleBroken):
    code = "not_yours"
    status = 403
    sentence = _("This device has not won in this draw.")


class PrizeLapsed(RuleBroken):
    code = "prize_lapsed"
    status = 410
    sentence = _("A prize can be claimed for 48 hours. That time is over.")


class PrizeClaimed(RuleBroken):
    code = "prize_claimed"
    sentence = _("You have claimed this prize already. The shop has your address.")


class NoContact(RuleBroken):
    code = "no_contact"
    status = 422
    sentence = _("Leave an e-mail address or a mobile number, so that we can reach you.")


class BadCrew(RuleBroken):
    code = "bad_crew"
    status = 422
    sentence = _("A crew is of this shop, with at most 20 assistants.")


class NotShowing(RuleBroken):
    code = "not_showing"
    status = 403
    sentence = _("Only the host, the backup host and managers show this room.")


class NoOtherApp(RuleBroken):
    code = "no_other_app"
    sentence = _("This platform takes the picture from the browser only.")


class BadGrace(RuleBroken):
    code = "bad_grace"
    status = 422
    sentence = _("A show without a picture, or a paused one, can go on for 0 to 240 minutes.")


class StreamTaken(RuleBroken):
    code = "taken"
    sentence = _("Another device is showing this room. Take over to show it from here.")


class NothingSaid(RuleBroken):
    code = "empty"
    status = 422
    sentence = _("Write something first.")


class TooLong(RuleBroken):
    code = "too_long"
    status = 422
    sentence = _("That is too long: 300 letters at most. Your text is still here.")


class ChatClosed(RuleBroken):
    code = "muted"
    status = 403
    sentence = _("The host has closed the chat for a while.")


class Silenced(RuleBroken):
    code = "silenced"
    status = 403
    sentence = _("You cannot write here for a while. You can still watch and buy.")


class Banned(RuleBroken):
    code = "banned"
    status = 403
    sentence = _("This shop has closed its rooms to you.")


class SlowMode(RuleBroken):
    code = "slow_mode"
    status = 429
    sentence = _("The chat is in slow mode. Wait a moment, then send it again.")


class BadReply(RuleBroken):
    code = "bad_reply"
    status = 422
    sentence = _("The message you answer is not there any more. Send yours without it.")


class BadMeasure(RuleBroken):
    code = "bad_measure"
    status = 422
    sentence = _("A mute lasts 1 minute to 7 days.")


class Nobody(RuleBroken):
    code = "nobody"
    status = 422
    sentence = _("This line was written by the shop or by the system.")


class BadWord(RuleBroken):
    code = "bad_word"
    status = 422
    sentence = _("A blocked word has 1 to 40 letters or digits, and a list at most 2,000 words.")


class BadAnswer(RuleBroken):
    code = "bad_answer"
    status = 422
    sentence = _("A quick reply has 1 to 120 letters, and there are at most 30.")


class QuestionTaken(RuleBroken):
    code = "question_taken"
    sentence = _("A colleague is answering this question.")


class QuestionOver(RuleBroken):
    code = "question_over"
    sentence = _("This question has been answered or put aside.")


class BadPace(RuleBroken):
    code = "bad_pace"
    status = 422
    sentence = _("Slow mode takes 0 to 120 seconds.")


class ChatOver(RuleBroken):
    code = "chat_over"
    sentence = _("The chat of this room is over.")


class NicknameNeeded(RuleBroken):
    code = "nickname"
    status = 403
    sentence = _("Choose a nickname, then send it again.")


class NameTaken(RuleBroken):
    code = "name_taken"
    status = 403
    sentence = _("Somebody of this shop has this name. Choose another, then send it again.")


class SlowDown(RuleBroken):
    code = "slow_down"
    status = 429
    sentence = _("A little fast. Wait a few seconds, then send it again.")


class BadFrame(RuleBroken):
    code = "bad_frame"
    status = 400
    sentence = _("The page sent something we do not understand. Reload it.")


class NoPosterFont(RuleBroken):
    code = "no_poster_font"
    status = 503
    sentence = _("This server has no font with Chinese letters, so it cannot make posters.")


class NotSaved(RuleBroken):
    code = "not_saved"
    status = 503
    sentence = _("That could not be saved just now. Your text is still here; send it again.")
