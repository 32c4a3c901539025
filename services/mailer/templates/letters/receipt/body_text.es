Hola, {{ name }}:

¡Gracias! Recibimos su pago. El recibo de caja está en el Área de Clientes,
donde puede descargarlo en PDF.

Recibo de caja: {{ number }}
Valor: {{ amount }}
Medio de pago: {{ method }}
Concepto: {{ concept }}

Ver mi recibo:

{{ link }}

Carta automática: por favor no responda.
