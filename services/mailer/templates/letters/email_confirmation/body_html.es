<p>Hola, {{ name }}:</p>
<p>Se pidió usar esta dirección de correo para el Área de Clientes. Si fue usted, abra el enlace y confírmela.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">Nuevo correo</td></tr>
<tr><td class="value">{{ address }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Confirmar mi correo</a></td></tr>
</table>
<p>&nbsp;</p>
<p class="small">El enlace sirve una sola vez y vence el {{ until }}. Si no fue usted, no haga nada: esta dirección no se usará. Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
