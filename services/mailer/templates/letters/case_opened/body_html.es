<p>Hola, {{ name }}:</p>
<p>Recibimos su solicitud y le dimos un número de radicado. Le responderemos a más tardar en la fecha que ve abajo.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">Radicado</td></tr>
<tr><td class="value">{{ number }}</td></tr>
<tr><td class="label">Tipo</td></tr>
<tr><td class="words">{{ kind }}</td></tr>
<tr><td class="label">Asunto</td></tr>
<tr><td class="words">{{ topic }}</td></tr>
<tr><td class="label">Respuesta a más tardar</td></tr>
<tr><td class="words">{{ due }}</td></tr>
</table>
<table role="presentation" cellpadding="0" cellspacing="0">
<tr><td class="button"><a href="{{ link }}">Ver mi solicitud</a></td></tr>
</table>
<p>&nbsp;</p>
<p class="small">Si el botón no se abre, copie esta dirección en su navegador:<br><a href="{{ link }}">{{ link }}</a></p>
