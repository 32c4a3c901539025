Hola, {{ name }}:

Revisamos el pago que usted reportó y no pudimos aceptarlo. Puede reportarlo de
nuevo con un comprobante legible, o escribirnos.

Valor reportado: {{ amount }}
Motivo: {{ reason }}

Ver mis pagos reportados:

{{ link }}

Carta automática: por favor no responda.
