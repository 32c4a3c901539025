<p>Hola, {{ name }}:</p>
<p>Escriba este código en la página en la que está aceptando la invitación de {{ client }}.</p>
<table class="data" role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td class="label">Código</td></tr>
<tr><td class="amount">{{ code }}</td></tr>
<tr><td class="label">Sirve hasta el</td></tr>
<tr><td class="words">{{ until }}</td></tr>
</table>
<p class="small">No le dé este código a nadie, tampoco a quien le invitó. Si no está aceptando una invitación, no haga nada.</p>
