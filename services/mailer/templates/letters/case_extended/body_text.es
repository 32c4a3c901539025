Hola, {{ name }}:

Todavía no podemos responder su solicitud como usted lo merece. Abajo están el
motivo y la nueva fecha de respuesta.

Radicado: {{ number }}
Asunto: {{ topic }}
Motivo: {{ reason }}
Nueva fecha de respuesta: {{ due }}

Ver mi solicitud:

{{ link }}

Carta automática: por favor no responda.
