Hola, {{ name }}:

Recibimos su solicitud y le dimos un número de radicado. Le responderemos a más
tardar en la fecha que ve abajo.

Radicado: {{ number }}
Tipo: {{ kind }}
Asunto: {{ topic }}
Respuesta a más tardar: {{ due }}

Ver mi solicitud:

{{ link }}

Carta automática: por favor no responda.
