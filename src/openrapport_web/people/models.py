"""Who there is, in which roles, and who supervises whom."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from openrapport_web.records import Record

__all__ = ["STAFF", "Invitation", "InvitationState", "Practice", "Role", "SupervisionLink", "User"]


class Role(StrEnum):
    """What somebody may be in the practice; a person can be several things."""

    CLIENT = "client"
    THERAPIST = "therapist"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    RESEARCHER = "researcher"


STAFF = frozenset(Role) - {Role.CLIENT}


class People(BaseUserManager["User"]):
    """Makes accounts."""

    def create_user(self, email: str, name: str, roles: set[Role], password: str | None = None) -> User:
        user = self.model(email=self.normalize_email(email).lower(), name=name)
        user.roles = frozenset(roles)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def here(self, role: Role) -> models.QuerySet[User]:
        """Everybody who has this role and has not left."""
        return self.filter(is_active=True, left_on=None, **{f"is_{role}": True}).order_by("name")


class User(AbstractBaseUser, Record):
    """Somebody who signs in."""

    email = models.EmailField(max_length=254, unique=True)  # in small letters
    name = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    left_on = models.DateField(null=True, blank=True)
    language = models.CharField(max_length=8, default="en")
    time_zone = models.CharField(max_length=60, blank=True)
    is_client = models.BooleanField(default=False)
    is_therapist = models.BooleanField(default=False)
    is_supervisor = models.BooleanField(default=False)
    is_manager = models.BooleanField(default=False)
    is_researcher = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[People] = People()

    def __str__(self) -> str:
        return f"user {self.key}"

    def get_full_name(self) -> str:
        return self.name

    @property
    def roles(self) -> frozenset[Role]:
        """What this person is."""
        return frozenset(role for role in Role if getattr(self, f"is_{role}"))

    @roles.setter
    def roles(self, roles: frozenset[Role]) -> None:
        for role in Role:
            setattr(self, f"is_{role}", role in roles)

    @property
    def is_staff_member(self) -> bool:
        """Whether this person is anything but a client."""
        return bool(self.roles & STAFF)


class InvitationState(StrEnum):
    """What became of an invitation."""

    OPEN = "open"
    USED = "used"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Invitation(Record):
    """A link that makes one account. Only a hash of its token is kept."""

    token_hash = models.CharField(max_length=64, unique=True)
    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=120)
    roles = models.CharField(max_length=80)  # comma-separated
    client = models.ForeignKey("caseload.Client", models.CASCADE, null=True, blank=True)
    invited_by = models.ForeignKey("people.User", models.PROTECT, null=True, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["invited_by", "-made_at"], name="invitation_sent_by"),)

    def state(self, now: datetime) -> InvitationState:
        """What became of it by a moment."""
        if self.used_at is not None:
            return InvitationState.USED
        if self.withdrawn_at is not None:
            return InvitationState.WITHDRAWN
        return InvitationState.EXPIRED if now >= self.expires_at else InvitationState.OPEN

    @property
    def role_set(self) -> frozenset[Role]:
        """What the invited person is to be."""
        return frozenset(Role(name) for name in self.roles.split(",") if name)


class SupervisionLink(Record):
    """From one day to another, somebody supervises a therapist."""

    supervisor = models.ForeignKey("people.User", models.PROTECT, related_name="supervises")
    therapist = models.ForeignKey("people.User", models.PROTECT, related_name="supervised_by")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)  # the last day

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(supervisor=F("therapist")), name="nobody_supervises_themselves"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="link_ends_after_it_starts",
            ),
        )

    @staticmethod
    def current(on: date) -> Q:
        """Links that hold on a day."""
        return Q(starts_on__lte=on) & (Q(ends_on=None) | Q(ends_on__gte=on))


class Practice(models.Model):
    """The one practice of this installation."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    name = models.CharField(max_length=120)
    fictional = models.BooleanField(default=False)
    contact_name = models.CharField(max_length=120, blank=True)
    contact_email = models.EmailField(max_length=254, blank=True)
    contact_phone = models.CharField(max_length=40, blank=True)
    # A manager to whom clients may write without their therapist knowing.
    named_contact = models.ForeignKey(
        "people.User", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    time_zone = models.CharField(max_length=60, default="UTC")
    recordings_kept_days = models.PositiveIntegerField(default=90)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="one_practice"),)

    def __str__(self) -> str:
        return "practice"

    @classmethod
    def get(cls) -> Practice | None:
        """The practice, or None before the first visit."""
        return cls.objects.filter(pk=1).first()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)
