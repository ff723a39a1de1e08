"""French text messages of the kinds people send, the same ones on every run."""

import random

GREETINGS = ("Bonjour {name}, ", "{name}, ", "", "Chère {name}, ", "Cher client, ")
BODIES = (
    "votre bulletin de paie de {month} est disponible jusqu'au 31/12/2026 : https://pli.example/{ref}",
    "votre rendez-vous du {day} {month} à 14 h 30 est confirmé. Merci de prévenir en cas d'empêchement.",
    "votre code est 482 913. Il expire dans 10 minutes, ne le communiquez à personne.",
    "profitez de -20 % sur toute la boutique jusqu’au {day} {month} : 1 produit acheté = 1 offert !",
    "votre colis a été livré en point relais. Horaires : 9 h - 19 h. Suivi : https://pli.example/{ref}",
    "coupure d'eau prévue le {day} {month} de 8 h à 12 h rue de l’Hôtel-de-Ville. Désolés pour la gêne occasionnée…",
    "rappel : la réunion des parents d'élèves a lieu le {day} {month} à 18 h, salle « Château ».",
    "nous n’avons pas reçu votre règlement de 49,90 €. Merci de régulariser ou de nous appeler au 01 23 45 67 89.",
)
ENDINGS = ("", " STOP au 36105", " À bientôt !", " L'équipe {name}", " 😀", " Cordialement, le service paie.")
NAMES = ("Stéphane", "Zoé", "Maximilienne", "Françoise", "Jean-Noël", "Li", "Inès", "Loïc")
MONTHS = ("janvier", "février", "mars", "août", "septembre", "décembre")
REPEATS = (1, 1, 1, 1, 2, 3)


def french_messages(count: int, seed: int = 7) -> list[str]:
    """Short and long, plain and accented, with and without what the GSM alphabet lacks."""
    chance = random.Random(seed)
    messages = []
    for number in range(count):
        values = {
            "name": chance.choice(NAMES),
            "month": chance.choice(MONTHS),
            "day": chance.randrange(1, 29),
            "ref": f"{number:08x}",
        }
        body = " ".join(chance.choice(BODIES) for _ in range(chance.choice(REPEATS)))
        messages.append((chance.choice(GREETINGS) + body + chance.choice(ENDINGS)).format(**values))
    return messages
