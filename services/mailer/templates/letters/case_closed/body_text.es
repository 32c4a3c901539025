Hola, {{ name }}:

Su solicitud quedó cerrada. Todo lo escrito sigue a su disposición en el Área de
Clientes.

Radicado: {{ number }}
Asunto: {{ topic }}
Motivo del cierre: {{ reason }}

Ver mi solicitud:

{{ link }}

Carta automática: por favor no responda.
