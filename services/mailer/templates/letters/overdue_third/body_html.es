<p>Hola, {{ name }}:</p>
<p>Este es el tercer aviso, y la factura sigue sin pagar. Le pedimos que la pague hoy mismo.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">Falta por pagar</td></tr>
<tr><td class="amount">{{ amount }}</td></tr>
<tr><td class="label">Venció el</td></tr>
<tr><td class="amount">{{ due }}</td></tr>
<tr><td class="label">Factura</td></tr>
<tr><td class="value">{{ number }}</td></tr>
<tr><td class="label">Concepto</td></tr>
<tr><td class="words">{{ concept }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Ver y pagar la factura</a></td></tr>
</table>
<p>&nbsp;</p>
<p>Si hoy no puede pagarla, cuéntenos hoy, por una PQRS en el Área de Clientes, cuándo lo hará. Si no está de acuerdo con la factura, cuéntenos por qué.</p>
<p class="small">Si ya la pagó, no tiene que hacer nada: este mensaje se cruzó con su pago. Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
