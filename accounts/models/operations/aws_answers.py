"""How AWS answered all workers, since Bowline was installed."""

from __future__ import annotations

from django.db import models


class AwsAnswers(models.Model):
    """How often an operation ended so. Workers add to it, none replaces the number."""

    operation = models.CharField(max_length=100)
    error = models.CharField(max_length=60, blank=True)
    """Empty: it succeeded."""
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "answers of AWS"
        constraints = [
            models.UniqueConstraint(
                fields=["operation", "error"], name="one_count_of_each_answer"
            )
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.error}: {self.count}".replace(" :", ":")
