Hola, {{ name }}:

Este es el tercer aviso, y la factura sigue sin pagar. Le pedimos que la pague
hoy mismo.

Falta por pagar: {{ amount }}
Venció el: {{ due }}
Factura: {{ number }}
Concepto: {{ concept }}

Ver y pagar la factura:

{{ link }}

Si hoy no puede pagarla, cuéntenos hoy, por una PQRS en el Área de Clientes,
cuándo lo hará. Si no está de acuerdo con la factura, cuéntenos por qué.

Si ya la pagó, no tiene que hacer nada: este mensaje se cruzó con su pago.

Carta automática: por favor no responda.
