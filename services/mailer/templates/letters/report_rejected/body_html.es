<p>Hola, {{ name }}:</p>
<p>Revisamos el pago que usted reportó y no pudimos aceptarlo. Puede reportarlo de nuevo con un comprobante legible, o escribirnos.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">Valor reportado</td></tr>
<tr><td class="value">{{ amount }}</td></tr>
<tr><td class="label">Motivo</td></tr>
<tr><td class="words">{{ reason }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Ver mis pagos reportados</a></td></tr>
</table>
<p>&nbsp;</p>
<p class="small">Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
