Hola, {{ name }}:

Una solicitud todavía no tiene respuesta y su plazo legal está por vencer.

Radicado: {{ number }}
Cliente: {{ client }}
Asunto: {{ topic }}
Vence: {{ due }}

Abrir la solicitud:

{{ link }}

Carta automática: por favor no responda.
