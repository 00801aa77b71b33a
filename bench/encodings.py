"""How many texts come out right, whatever encoding they are in: `python -m bench.encodings`.

Sentences of a language, in each encoding that can write them, at three lengths; right is what equals the sentence.
"""

from __future__ import annotations

from collections import defaultdict

from ingestion.parsers.texts.text import decode

TEXTS = {
    "German": (
        "Die Kündigungsfrist beträgt dreißig Tage – für langjährige Mitarbeiter gelten größere "
        "Fristen. Überstunden müssen vorher genehmigt werden. "
    ),
    "French": (
        "Le préavis est d’un mois ; les congés sont accordés à l’été, où que vous soyez. Déjà "
        "reçu, le dossier n’a pas été traité. "
    ),
    "Spanish": (
        "El señor Núñez preguntó cuándo empezaría la reunión del próximo año. ¿Quién pagará los "
        "daños según el contrato? "
    ),
    "Polish": (
        "Zażółć gęślą jaźń. Pracownik może złożyć wniosek o urlop najpóźniej tydzień wcześniej, "
        "jeżeli przełożony się zgodzi. "
    ),
    "Czech": "Příliš žluťoučký kůň úpěl ďábelské ódy. Zaměstnanec může požádat o dovolenou nejpozději týden předem. ",
    "Hungarian": (
        "Árvíztűrő tükörfúrógép. A munkavállaló legkésőbb egy héttel korábban kérheti a "
        "szabadságot, ha a főnök engedélyezi. "
    ),
    "Russian": (
        "Срок предупреждения составляет тридцать дней. Сверхурочная работа должна быть согласована "
        "заранее с руководителем отдела. "
    ),
    "Greek": (
        "Η προθεσμία είναι τριάντα ημέρες. Οι υπερωρίες πρέπει να εγκριθούν εκ των προτέρων από τον προϊστάμενο. "
    ),
    "Turkish": (
        "Çalışanlar izin başvurusunu en geç bir hafta önce yapmalıdır. Şirketin ödediği ücret ağustosta değişecek. "
    ),
    "Hebrew": "תקופת ההודעה המוקדמת היא שלושים יום. שעות נוספות חייבות באישור מראש של המנהל. ",
    "Arabic": "مدة الإشعار ثلاثون يوما. يجب الموافقة على العمل الإضافي مسبقا من قبل المدير المسؤول. ",
    "Japanese": "予告期間は三十日です。残業は事前に上司の承認を得なければなりません。これは日本語の文章です。",
    "Chinese": "通知期为三十天。加班必须事先得到主管的批准。这是一个用来测试文字编码的中文句子。",
    "Taiwan": "通知期為三十天。加班必須事先得到主管的批准。這是一個用來測試文字編碼的中文句子。",
    "Korean": "통지 기간은 삼십 일입니다. 초과 근무는 사전에 상사의 승인을 받아야 합니다. ",
}
ENCODINGS = {
    "German": "cp1252 iso8859-1 iso8859-15 mac-roman cp850 cp437",
    "French": "cp1252 iso8859-15 mac-roman cp850",
    "Spanish": "cp1252 iso8859-1 iso8859-15 mac-roman cp850",
    "Polish": "cp1250 iso8859-2 cp852",
    "Czech": "cp1250 iso8859-2 cp852",
    "Hungarian": "cp1250 iso8859-2 cp852",
    "Russian": "cp1251 koi8-r iso8859-5 cp866 mac-cyrillic",
    "Greek": "cp1253 iso8859-7",
    "Turkish": "cp1254 iso8859-9",
    "Hebrew": "cp1255 iso8859-8",
    "Arabic": "cp1256 iso8859-6",
    "Japanese": "shift_jis euc-jp iso2022-jp",
    "Chinese": "gb18030 gb2312",
    "Taiwan": "big5",
    "Korean": "euc-kr cp949",
}
ALWAYS = "utf-8 utf-8-sig utf-16 utf-16-le utf-16-be utf-32"
LENGTHS = (1, 4, 40)  # times the sentences


def main() -> None:
    right: dict[str, list[bool]] = defaultdict(list)
    wrong: list[str] = []
    for language, sentences in TEXTS.items():
        for encoding in f"{ENCODINGS[language]} {ALWAYS}".split():
            for times in LENGTHS:
                try:
                    raw = (sentences * times).encode(encoding)
                except UnicodeEncodeError:
                    continue
                is_right = decode(raw).lstrip("\ufeff") == sentences * times
                right[encoding].append(is_right)
                wrong += [] if is_right else [f"{language} in {encoding}, {len(raw)} bytes"]
    for encoding, found in sorted(right.items()):
        print(f"{encoding:12} {sum(found):3} of {len(found)}")
    total = [one for found in right.values() for one in found]
    print(f"all          {sum(total):3} of {len(total)}")
    print("\n".join(wrong))


if __name__ == "__main__":
    main()
