from __future__ import annotations

from wyoming_voice_stack.tts.normalization import normalize

CHINESE = {
    "现在是21.5°C。": "现在是二十一点五摄氏度。",
    "外面-5°C。": "外面负五摄氏度。",
    "现在17:30。": "现在十七点三十分。",
    "8:05和2:00": "八点零五分和两点",
    "2026-11-23": "二零二六年十一月二十三日",
    "2026年11月23日": "二零二六年十一月二十三日",
    "湿度40%。": "湿度百分之四十。",
    "2个小时，12个": "两个小时，十二个",
    "¥500": "五百元",
    "速度15 km/h": "速度每小时十五公里",
    "现在下午5点30分": "现在下午五点三十分",
}

MAINLAND_CHINESE = {
    "20 分钟": "二十 分钟",
}

JAPANESE = {
    "今は21.5°Cです。": "今は二十一点五度です。",
    "外は-5℃です。": "外はマイナス五度です。",
    "17:30です。": "十七時三十分です。",
    "午後5時30分": "午後五時三十分",
    "2026年11月23日": "二千二十六年十一月二十三日",
    "2026-11-23": "二千二十六年十一月二十三日",
    "湿度は40%です。": "湿度は四十パーセントです。",
    "5分後": "五分後",
    "15 km/h": "時速十五キロメートル",
}

KOREAN = {
    "지금 21.5°C입니다.": "지금 이십일 점 오 도입니다.",
    "밖은 -5°C입니다.": "밖은 마이너스 오 도입니다.",
    "지금 17:30입니다.": "지금 십칠 시 삼십 분입니다.",
    "오후 5시 30분": "오후 다섯 시 삼십 분",
    "3개와 20살": "세개와 스무살",
    "2026년 11월 23일": "이천이십육년 십일월 이십삼일",
    "습도 40%": "습도 사십 퍼센트",
    "5분 후": "오분 후",
    "$5": "오 달러",
}


def test_chinese() -> None:
    assert {text: normalize(text, "zh") for text in CHINESE} == CHINESE


def test_mainland_chinese() -> None:
    assert {text: normalize(text, "zh-CN") for text in MAINLAND_CHINESE} == MAINLAND_CHINESE


def test_japanese() -> None:
    assert {text: normalize(text, "ja") for text in JAPANESE} == JAPANESE


def test_korean() -> None:
    assert {text: normalize(text, "ko") for text in KOREAN} == KOREAN
