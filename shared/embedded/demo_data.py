"""A believable directory of a Colombian property agency, the same at every call: for the demo, tests and measurements.

Most of it is in order. Some of it is as it is in life: no e-mail, one address for two people, tenant and owner in one,
inactive, an address that bounced.
"""

import random
import unicodedata
from collections.abc import Iterator
from typing import Any

from stdnum.co import nit


def _each(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


FIRST_NAMES = _each(
    "María José|Juan Sebastián|Luz Marina|Andrés Felipe|Sofía|Óscar Iván|Ana Lucía|Jorge Iván|Valentina|"
    "Julián|Martha Cecilia|Álvaro|Camila|Hernán Darío|Nubia|Santiago|Gloria Inés|Édgar|Daniela|Iván Camilo|"
    "Beatriz Elena|Nicolás|Adriana|Germán|Catalina|Rubén Darío|Paola Andrea|Simón|Yolanda|Tomás|Mónica|Fabián|"
    "Lucía|Raúl|Inés"
)
SURNAMES = _each(
    "Peñalosa|Muñoz|Rodríguez|Gómez|Ñáñez|Restrepo|Uribe|Jaramillo|Ospina|Cárdenas|Londoño|Vélez|Álvarez|"
    "Rincón|Pérez|Sánchez|Ordóñez|Quiñones|Giraldo|Zuluaga|Beltrán|Castaño|Hernández|Ibáñez|Marín|Núñez|"
    "Patiño|Salazar|Triviño|Villamizar|Cuéllar|de la Espriella|Bermúdez|Acuña|Echeverri|Gutiérrez"
)
COMPANIES = _each(
    "Inversiones|Inmobiliaria|Constructora|Comercializadora|Distribuciones|Promotora|Alimentos|Textiles|Droguería"
)
FORMS = ("S.A.S.", "Ltda.", "y Cía. S. en C.", "S.A.")
CITIES = (
    ("Bogotá", "Bogotá D.C.", ("Chapinero", "Usaquén", "Suba", "Teusaquillo", "Fontibón")),
    ("Medellín", "Antioquia", ("El Poblado", "Laureles", "Belén", "Envigado", "La América")),
)


def people(count: int = 300, seed: int = 7) -> list[dict[str, Any]]:
    """The bodies with which so many parties are registered over REST."""
    return list(_people(count, random.Random(seed)))


def _people(count: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    of_former_owner = ""
    for number in range(count):
        is_company = number % 7 == 3
        name = _company(chance) if is_company else _person(chance)
        document_type, document_number = _document(chance, seen, is_company=is_company, foreign=number % 29 == 11)
        classes = _classes(number)
        address = f"{_slug(name)}.{number}@example.com"
        emails = [{"address": address, "principal": True}]
        if number % 31 == 5:
            emails = []
        elif number % 36 == 12 and of_former_owner:  # a couple with one address
            emails = [{"address": of_former_owner, "principal": True}]
        elif number % 39 == 15:
            emails = [{"address": address, "principal": True, "state": "bounced"}]
        elif number % 11 == 2:
            emails.append({"address": f"facturas.{address}", "principal": False})
        if "owner" in classes:
            of_former_owner = address
        yield {
            "classes": classes,
            "document_type": document_type,
            "document_number": document_number,
            "name": name,
            "emails": emails,
            "phones": [f"+57 3{chance.randint(0, 2)}{chance.randint(0, 9)} {chance.randint(1000000, 9999999)}"],
            "address": _address(chance),
            "language": "en" if number % 41 == 17 else "es",
            "active": number % 43 != 20,
        }


def _classes(number: int) -> list[str]:
    """Two tenants for each owner, and one in seventeen is both."""
    if number % 17 == 6:
        return ["tenant", "owner"]
    return ["owner"] if number % 3 == 0 else ["tenant"]


def _person(chance: random.Random) -> str:
    return f"{chance.choice(FIRST_NAMES)} {chance.choice(SURNAMES)} {chance.choice(SURNAMES)}"


def _company(chance: random.Random) -> str:
    return f"{chance.choice(COMPANIES)} {chance.choice(SURNAMES)} {chance.choice(FORMS)}"


def _document(chance: random.Random, seen: set[str], *, is_company: bool, foreign: bool) -> tuple[str, str]:
    while True:
        if is_company:
            digits = str(chance.randint(800_000_000, 901_999_999))
            kind, number = "NIT", f"{int(digits):,}".replace(",", ".") + f"-{nit.calc_check_digit(digits)}"
        elif foreign:
            kind, number = "CE", str(chance.randint(200_000, 999_999))
        else:
            low, high = chance.choice(((17_000_000, 80_500_000), (1_010_000_000, 1_049_999_999)))
            kind, number = "CC", str(chance.randint(low, high))
        if number not in seen:
            seen.add(number)
            return kind, number


def _address(chance: random.Random) -> dict[str, str]:
    city, region, quarters = chance.choice(CITIES)
    street = f"{chance.choice(('Calle', 'Carrera', 'Transversal'))} {chance.randint(1, 140)}"
    house = f"# {chance.randint(1, 99)}-{chance.randint(1, 99):02}"
    flat = f"Apto {chance.randint(1, 14)}0{chance.randint(1, 4)}"
    return {
        "street": f"{street} {house}, {flat}, {chance.choice(quarters)}",
        "city": city,
        "region": region,
        "country": "CO",
    }


def _slug(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.lower()) if c.isascii() and (c.isalpha() or c == " "))
    return ".".join(plain.split()[:3])
