"""A page with every part of the look, at an address that exists in tests alone."""

from __future__ import annotations

from pathlib import Path

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path

from openrapport_web.urls import handler400, handler403, handler404, handler500
from openrapport_web.urls import urlpatterns as of_the_application

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


class EveryField(forms.Form):
    """One field of each kind."""

    name = forms.CharField(help_text="As they want to be called.")
    email = forms.EmailField(widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    day = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    mode = forms.ChoiceField(choices=[("", "Choose one"), ("video", "Video")])
    how = forms.ChoiceField(
        label="How did you meet?",
        choices=[("room", "In a room"), ("video", "By video, with sound and picture")],
        widget=forms.RadioSelect,
    )
    which = forms.MultipleChoiceField(
        label="What is agreed?",
        required=False,
        choices=[("record", "Record our meetings"), ("analyse", "Look at how we talk")],
        widget=forms.CheckboxSelectMultiple,
        help_text="Each on its own, and each can be taken back.",
    )
    words = forms.CharField(widget=forms.Textarea, required=False)
    file = forms.FileField(required=False)
    code = forms.CharField(
        required=False, widget=forms.TextInput(attrs={"autocomplete": "one-time-code"})
    )
    agreed = forms.BooleanField(label="I have read this", help_text="You can come back to it.")
    version = forms.IntegerField(widget=forms.HiddenInput, initial=1)


def gallery(request: HttpRequest) -> HttpResponse:
    """Show each part once, with the form as somebody has sent it, or still empty."""
    form = EveryField(request.POST) if request.method == "POST" else EveryField()
    messages.success(request, "Saved.")
    messages.warning(request, "Saved, and worth another look.")
    page = Paginator(range(30), 10).page(2)
    template = engines["django"].from_string(
        Path(__file__).with_name("gallery.html").read_text("utf-8")
    )
    return HttpResponse(template.render({"form": form, "page": page}, request))


urlpatterns = [path("gallery", gallery, name="gallery"), *of_the_application]
