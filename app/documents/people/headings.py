"""Which column of a people sheet holds what: headings in French or English, in any order.

Headings are folded before they are compared, as GOV.UK Notify does: case, accents, spaces, dashes, underscores and
punctuation do not count.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Field(StrEnum):
    """What a column can hold. IGNORED columns are known and not needed."""

    STAFF_NUMBER = "staff_number"
    LAST_NAME = "last_name"
    FIRST_NAME = "first_name"
    FULL_NAME = "full_name"
    PHONE = "phone"
    ACCESS_CODE = "access_code"
    LANGUAGE = "language"
    OBJECTION = "electronic_objection"
    POSTCODE = "postcode"
    IGNORED = "ignored"


# Earlier tiers win when a sheet has several columns for one field: "Portable" over "Téléphone".
_ALIASES: dict[Field, tuple[tuple[str, ...], ...]] = {
    Field.STAFF_NUMBER: (
        (
            "Matricule", "N° matricule", "Matricule salarié", "Matricule agent", "Matricule paie", "Matricule RH",
            "Matricule employé", "N° de matricule", "Mat.", "N° salarié", "N° employé", "N° d'employé", "N° agent",
            "N° du salarié", "N° de salarié", "Code salarié", "Code employé", "ID salarié", "ID employé",
            "Identifiant salarié", "Identifiant employé", "Réf. salarié", "Référence salarié", "N° collaborateur",
            "Code agent", "N° paie", "N° de paie", "Staff number", "Staff no", "Staff ID", "Employee number",
            "Employee no", "Employee ID", "Employee code", "Employee ref", "Payroll number", "Payroll no",
            "Payroll ID", "Personnel number", "Personnel no", "Worker ID", "Emp no", "Emp ID",
        ),
    ),
    Field.LAST_NAME: (
        ("Nom d'usage", "Nom usuel", "Nom marital"),
        ("Nom", "Nom de famille", "Nom salarié", "Nom du salarié", "Last name", "Surname", "Family name", "Lastname"),
    ),
    Field.FIRST_NAME: (
        ("Prénom usuel", "Prénom d'usage"),
        ("Prénom", "Prénoms", "Prénom(s)", "Prénom salarié", "Prénom du salarié", "First name", "Given name",
         "Given names", "Forename", "Firstname"),
    ),
    Field.FULL_NAME: (
        (
            "Nom complet", "Nom et prénom", "Nom & prénom", "Nom prénom", "Nom et prénoms", "Nom, prénom",
            "Nom/prénom", "Prénom nom", "Prénom et nom", "Nom prénom salarié", "Salarié", "Salarié(e)", "Employé",
            "Employé(e)", "Collaborateur", "Agent", "Bénéficiaire", "Full name", "Name", "Employee", "Employee name",
            "Staff name", "Recipient",
        ),
    ),
    Field.PHONE: (
        (
            "Portable", "Mobile", "GSM", "Téléphone portable", "Téléphone mobile", "Tél. portable", "Tél. mobile",
            "N° de portable", "N° portable", "N° de mobile", "N° mobile", "N° de téléphone portable",
            "N° de téléphone mobile", "N° tél. portable", "N° tél. mobile", "Portable personnel", "Mobile personnel",
            "Tél. portable personnel", "Téléphone portable personnel", "Téléphone mobile personnel", "Mobile phone",
            "Mobile number", "Mobile no", "Mobile phone number", "Cell", "Cell phone", "Cellphone", "Cell number",
            "Personal mobile", "SMS", "N° SMS",
        ),
        (
            "Téléphone", "Tél.", "Phone", "N° de téléphone", "N° téléphone", "N° tél.", "N° de tél.",
            "Téléphone personnel", "Tél. personnel", "Tél. perso", "Phone number", "Phone no", "Telephone number",
            "Personal phone", "Contact number",
        ),
    ),
    Field.ACCESS_CODE: (
        (
            "Code d'accès", "Code accès", "Code d'accès bulletin", "Code personnel", "Code secret", "Code PIN",
            "Mot de passe", "MDP", "Access code", "Passcode", "Password", "PIN", "PIN code",
        ),
    ),
    Field.LANGUAGE: (("Langue", "Langue de correspondance", "Code langue", "Language", "Lang", "Preferred language"),),
    Field.OBJECTION: (
        (
            "Opposition", "Opposition bulletin électronique", "Opposition au bulletin électronique",
            "Opposition dématérialisation", "Opposition à la dématérialisation", "Opposition bulletin dématérialisé",
            "Opposition bulletin de paie électronique", "Opposition BPE", "Opposition électronique",
            "Date d'opposition", "Refus", "Refus dématérialisation", "Refus de la dématérialisation",
            "Refus de dématérialisation", "Refus bulletin électronique", "Refus du bulletin électronique",
            "Refus bulletin dématérialisé", "Refus BPE", "Refus démat", "Bulletin papier", "Papier", "Envoi papier",
            "Electronic objection", "Electronic payslip objection", "Objection", "Objects to electronic payslip",
            "Objection to electronic payslip", "Electronic opt-out", "Paper", "Paper payslip", "Paper only",
        ),
    ),
    Field.POSTCODE: (
        ("Code postal", "CP", "Postcode", "Post code", "Postal code", "ZIP", "Zip code", "Code postal domicile"),
    ),
    Field.IGNORED: (
        (
            "E-mail", "Email", "Mail", "Courriel", "Adresse e-mail", "Adresse mail", "Adresse électronique",
            "Email address", "Civilité", "Titre", "Title", "Genre", "Sexe", "Gender", "Adresse", "Adresse 1",
            "Adresse 2", "Address", "Address 1", "Address 2", "Complément d'adresse", "Rue", "Street", "Ville",
            "Commune", "City", "Town", "Pays", "Country", "Service", "Direction", "Département", "Department",
            "Équipe", "Team", "Site", "Établissement", "Agence", "Société", "Entreprise", "Company", "Emploi",
            "Poste", "Fonction", "Métier", "Job", "Job title", "Position", "Qualification", "Statut", "Status",
            "Contrat", "Type de contrat", "Contract", "Date d'entrée", "Date de sortie", "Entrée", "Sortie",
            "Ancienneté", "Hire date", "Start date", "End date", "Date de naissance", "Né(e) le", "Naissance",
            "Birth date", "Date of birth", "Nom de naissance", "Nom de jeune fille", "Maiden name", "Birth name",
            "N° sécurité sociale", "N° de sécurité sociale", "N° SS", "NIR", "Social security number",
            "Téléphone fixe", "Tél. fixe", "Fixe", "Domicile", "Téléphone domicile", "Tél. domicile", "Landline",
            "Home phone", "Téléphone professionnel", "Tél. professionnel", "Tél. pro", "Téléphone pro",
            "Work phone", "Office phone", "Fax", "IBAN", "BIC", "RIB", "Manager", "Responsable", "Commentaire",
            "Commentaires", "Remarque", "Remarques", "Observation", "Observations", "Comment", "Comments", "Notes",
            "Net à payer", "Net", "Brut", "Salaire", "Période", "Period", "Mois", "Month",
        ),
    ),
}  # fmt: skip

# A heading with one of these words may decide who is sent what, so it is never passed over in silence.
_WORDS_THAT_MATTER = frozenset(
    {
        "opposition", "oppose", "objection", "objects", "refus", "refuse", "papier", "paper", "demat",
        "dematerialisation", "dematerialise", "electronique", "electronic", "matricule", "portable", "mobile", "sms",
        "passe", "password", "passcode", "acces", "access", "pin",
    }
)  # fmt: skip
_NUMBER_WORDS = frozenset({"n", "no", "nr", "num", "numero"})
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Recognised:
    """`columns`: the column of each field, counted from 0. `headings`: the words above each of those columns.

    `ambiguous`: fields that two columns claim with equal right, no column taken. `unknown`: headings that fit
    nothing, `doubtful` the ones among them that may matter (they speak of objection, phone or code).
    """

    columns: Mapping[Field, int]
    headings: Mapping[Field, str]
    ambiguous: tuple[Field, ...]
    unknown: tuple[str, ...]
    doubtful: tuple[str, ...]

    @property
    def missing(self) -> tuple[Field, ...]:
        """Fields without which nobody can be matched, reached and checked by name."""
        needed = [field for field in (Field.STAFF_NUMBER, Field.PHONE) if field not in self.columns]
        if Field.LAST_NAME not in self.columns and Field.FULL_NAME not in self.columns:
            needed.append(Field.FULL_NAME)
        return tuple(needed)

    @property
    def is_header(self) -> bool:
        """Whether the row can only be a header: a staff number column and one more of use."""
        useful = set(self.columns) | set(self.ambiguous)
        return Field.STAFF_NUMBER in useful and len(useful) > 1

    @property
    def complete(self) -> bool:
        """Whether the sheet can be read without asking the clerk."""
        return not (self.missing or self.ambiguous or self.doubtful)


def fold_heading(text: str) -> str:
    """Letters and digits of a heading, lower case, without accents; every way to write "number" becomes one."""
    return "".join(_words(text))


def recognise(headings: Sequence[str], remembered: Mapping[str, Field] | None = None) -> Recognised:
    """Lay the headings of one row on fields.

    `remembered` is what a clerk decided before, by folded heading; it wins over the built-in lists.
    """
    claims: dict[Field, list[tuple[int, int]]] = {}
    unknown: list[str] = []
    doubtful: list[str] = []
    for column, heading in enumerate(headings):
        folded = fold_heading(heading)
        if not folded:
            continue
        found = (remembered[folded], 0) if remembered and folded in remembered else _KNOWN.get(folded)
        if found is None:
            unknown.append(heading)
            if _WORDS_THAT_MATTER.intersection(_words(heading)):
                doubtful.append(heading)
        elif found[0] is not Field.IGNORED:
            claims.setdefault(found[0], []).append((found[1], column))
    columns: dict[Field, int] = {}
    ambiguous: list[Field] = []
    for field, claimants in claims.items():
        best = min(tier for tier, _ in claimants)
        winners = [column for tier, column in claimants if tier == best]
        if len(winners) == 1:
            columns[field] = winners[0]
        else:
            ambiguous.append(field)
    if Field.LAST_NAME in columns and Field.FIRST_NAME not in columns and Field.FULL_NAME not in columns:
        # A lone "Nom" column holds the whole name more often than not.
        columns[Field.FULL_NAME] = columns.pop(Field.LAST_NAME)
    return Recognised(
        columns=columns,
        headings={field: headings[column] for field, column in columns.items()},
        ambiguous=tuple(ambiguous),
        unknown=tuple(unknown),
        doubtful=tuple(doubtful),
    )


def _words(text: str) -> list[str]:
    plain = text.replace("°", "o ").replace("º", "o ").replace("œ", "oe").replace("Œ", "OE")
    decomposed = unicodedata.normalize("NFKD", plain)
    words = _WORD.findall("".join(mark for mark in decomposed if not unicodedata.combining(mark)).lower())
    return ["numero" if word in _NUMBER_WORDS else word for word in words]


_KNOWN: dict[str, tuple[Field, int]] = {
    fold_heading(alias): (field, tier)
    for field, tiers in _ALIASES.items()
    for tier, aliases in enumerate(tiers)
    for alias in aliases
}
