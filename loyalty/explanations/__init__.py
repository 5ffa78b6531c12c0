"""Why a purchase earned what it earned: the same facts in the same words for member, agent and partner."""
