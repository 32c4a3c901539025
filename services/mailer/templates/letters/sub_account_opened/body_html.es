<p>Hola, {{ name }}:</p>
<p>{{ client }} le dio acceso a su Área de Clientes. Entre con este correo electrónico y con la contraseña que {{ client }} le entregue.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">Le dio acceso</td></tr>
<tr><td class="words">{{ client }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Entrar en el Área de Clientes</a></td></tr>
</table>
<p>&nbsp;</p>
<p>La primera vez que entre le pediremos que elija una contraseña que solo usted conozca.</p>
<p class="small">Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
