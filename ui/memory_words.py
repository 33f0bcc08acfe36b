"""What the memory panel says, in both languages."""

from __future__ import annotations

from retrieval.schema import Language

_TEXT: dict[str, dict[Language, str]] = {
    "title": {"en": "What I remember of you", "zh": "我记住了什么"},
    "close": {"en": "Close", "zh": "关闭"},
    "nothing": {
        "en": "Nothing yet. What you tell me while you shop will stand here.", "zh": "目前没有。您购物时说的要求会列在这里。",
    },
    "lasting": {"en": "Kept beyond this conversation", "zh": "长期保留"},
    "fleeting": {"en": "In this conversation only", "zh": "仅限本次对话"},
    "moved": {"en": "How your interests moved", "zh": "兴趣的变化"},
    "month": {"en": "{month} {steps} of 5", "zh": "{month}{steps}/5"},
    "then": {"en": ", ", "zh": "，"},
    "pin": {"en": "Keep it as it is", "zh": "固定"},
    "unpin": {"en": "Pinned: let it fade again", "zh": "已固定，点击取消"},
    "forget": {"en": "Forget", "zh": "忘掉"},
    "edit": {"en": "Change", "zh": "修改"},
    "save": {"en": "Save", "zh": "保存"},
    "value": {"en": "What it should say", "zh": "改成"},
    "strength": {"en": "{steps} of 5: {surety}", "zh": "{steps}/5：{surety}"},
    "guest": {
        "en": "I only know this conversation. A day after your last message it is deleted.",
        "zh": "我只知道本次对话的内容，最后一条消息一天后会删除。",
    },
    "remember": {"en": "Remember me on this device", "zh": "在这台设备上记住我"},
    "training": {
        "en": "The shop may also learn from my conversations (optional)", "zh": "同时允许本店从我的对话中学习（可不选）",
    },
    "agreed": {
        "en": "You agreed to be remembered. What is not used for {days} days is deleted.",
        "zh": "您已同意被记住。{days}天没有用到的内容会删除。",
    },
    "trains": {"en": "The shop may learn from your conversations.", "zh": "本店可以从您的对话中学习。"},
    "no_trains": {"en": "The shop does not learn from your conversations.", "zh": "本店不会从您的对话中学习。"},
    "paused": {"en": "Paused: nothing new is learnt.", "zh": "已暂停：不再学习新内容。"},
    "pause": {"en": "Pause learning", "zh": "暂停学习"},
    "resume": {"en": "Go on learning", "zh": "继续学习"},
    "train_on": {"en": "Allow learning from me", "zh": "允许从我学习"},
    "train_off": {"en": "Don't learn from me", "zh": "不要从我学习"},
    "export": {"en": "Download all (JSON)", "zh": "下载全部（JSON）"},
    "erase": {"en": "Erase everything", "zh": "全部删除"},
    "erase_what": {
        "en": "Your interests, conversations and reactions are deleted for good; every table and file is searched for traces.",
        "zh": "您的偏好、对话和反馈将被永久删除，并会检索本店的数据表和文件以确认没有残留。",
    },
    "erase_guest": {"en": "This conversation is deleted for good.", "zh": "本次对话将被永久删除。"},
    "erase_now": {"en": "Erase now", "zh": "立即删除"},
    "erased": {"en": "Erased.", "zh": "已删除。"},
    "proof": {
        "en": "Searched for {needles} ids and sentences in {places}: nothing is left.",
        "zh": "在{places}中检索了{needles}个标识和语句：没有残留。",
    },
    "places": {"en": "every table and every file of the shop", "zh": "本店的所有数据表和文件"},
    "proof_left": {
        "en": "Traces are still being removed; the shop ends it within a day.", "zh": "仍有痕迹正在清除，本店会在一天内完成。",
    },
    "failed": {"en": "That did not work just now. Please try again in a moment.", "zh": "刚才没有成功，请稍后再试。"},
}


def words(key: str, language: Language, **facts: object) -> str:
    """The panel's words in the shopper's language."""
    return _TEXT[key][language].format(**facts)
