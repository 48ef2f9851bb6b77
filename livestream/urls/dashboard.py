"""`/dashboard/<merchant>/…`: the first page, rooms and their consoles."""

from django.urls import path

from livestream.views import console, draw, helper, home, rehearsal, room, runsheet, talk, wall

app_name = "livestream"
urlpatterns = [
    path("", home.home, name="home"),
    path("rooms/", room.index, name="room_list"),
    path("rooms/new/", room.create, name="room_new"),
    path("rooms/<slug:room>/", room.edit, name="room_edit"),
    path("rooms/<slug:room>/shelf/", room.shelf_page, name="room_shelf"),
    path("rooms/<slug:room>/shelf/add/", room.shelf_add, name="shelf_add"),
    path("rooms/<slug:room>/shelf/<int:item>/", room.item, name="shelf_item"),
    path("rooms/<slug:room>/schedule/", room.schedule, name="room_schedule"),
    path("rooms/<slug:room>/cancel/", room.cancel, name="room_cancel"),
    path("rooms/<slug:room>/console/", console.console, name="console"),
    path("rooms/<slug:room>/console/panels/", console.panels, name="console_panels"),
    path("rooms/<slug:room>/console/move/", console.move, name="console_move"),
    path("rooms/<slug:room>/console/handover/", console.handover, name="console_handover"),
    path("rooms/<slug:room>/console/spotlight/", console.spotlight, name="console_spotlight"),
    path("rooms/<slug:room>/console/drop/", console.drop, name="console_drop"),
    path("rooms/<slug:room>/console/chat/", talk.talk, name="console_chat"),
    path("rooms/<slug:room>/console/inbox/", talk.inbox, name="console_inbox"),
    path("rooms/<slug:room>/chat.csv", talk.export, name="chat_export"),
    path("settings/chat/", talk.lists, name="chat_lists"),
    path("settings/chat/<int:sanction>/lift/", talk.lift, name="sanction_lift"),
    path("rooms/<slug:room>/console/flash/", console.flash, name="console_flash"),
    path("rooms/<slug:room>/console/draw/", draw.console_draw, name="console_draw"),
    path("rooms/<slug:room>/console/notice/", console.notice, name="console_notice"),
    path("rooms/<slug:room>/rehearsal/crowd/", rehearsal.crowd, name="rehearsal_crowd"),
    path("rooms/<slug:room>/rehearsal/inbox/", rehearsal.inbox, name="rehearsal_inbox"),
    path("rooms/<slug:room>/rehearsal/chat/", rehearsal.chat, name="rehearsal_chat"),
    path("rooms/<slug:room>/rehearsal/measure/", rehearsal.measure, name="rehearsal_measure"),
    path("rooms/<slug:room>/sheet/", runsheet.sheet, name="runsheet"),
    path("rooms/<slug:room>/sheet/find/", runsheet.find, name="runsheet_find"),
    path("rooms/<slug:room>/sheet/add/", runsheet.add, name="runsheet_add"),
    path("rooms/<slug:room>/sheet/<int:item>/", runsheet.item, name="runsheet_item"),
    path("rooms/<slug:room>/helper/", helper.page, name="helper"),
    path("rooms/<slug:room>/wall/", wall.page, name="wall"),
    path("rooms/<slug:room>/wall/figures/", wall.figures, name="wall_figures"),
    path("rooms/<slug:room>/prompter/", runsheet.prompter, name="prompter"),
    path("rooms/<slug:room>/prompter/card/", runsheet.prompter_card, name="prompter_card"),
]
