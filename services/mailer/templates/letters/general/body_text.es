{{ text }}

--
Carta automática: por favor no responda.
