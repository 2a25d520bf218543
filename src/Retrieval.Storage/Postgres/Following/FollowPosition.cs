using System.Globalization;
using Retrieval.Storage.Local;
using Retrieval.Storage.Postgres.Indexes;

namespace Retrieval.Storage.Postgres.Following;

/// <summary>
/// How far a copy has come; kept in its ledger, so committed with the rows it speaks of.
/// </summary>
/// <param name="Epoch">All images whose last change is up to here are in the copy, but for those changed since they were read.</param>
/// <param name="Since">
/// Nothing of the copy was read at an earlier epoch than this, so no deletion up to here concerns it. While copying it is
/// the epoch at which that began; once complete it is <see cref="Epoch"/>.
/// </param>
/// <param name="Complete">Whether the copy is what the catalog held at <see cref="Epoch"/>, no more and no less. If not, it is being made.</param>
/// <param name="Seen">The latest state anything of it was read at: only a catalog that came of that can be followed.</param>
internal sealed record FollowPosition(long Epoch, long Since, bool Complete, CatalogMoment Seen)
{
    /// <summary>Of a copy that is about to be made.</summary>
    public static FollowPosition Begin(CatalogIndex index) => new(0, index.Epoch, Complete: false, CatalogMoment.Of(index));

    /// <summary>Of a copy that holds what the catalog holds.</summary>
    public static FollowPosition At(CatalogIndex index) => new(index.Epoch, index.Epoch, Complete: true, CatalogMoment.Of(index));

    public static string KeyOf(Guid catalog, int index) => string.Create(CultureInfo.InvariantCulture, $"catalog:{catalog:D}/{index}");

    /// <summary>The position a ledger names; null if it names none.</summary>
    public static FollowPosition? Of(IEnumerable<LedgerEntry> ledger, Guid catalog, int index) =>
        ledger.FirstOrDefault(entry => entry.SourceKey == KeyOf(catalog, index)) is { } found
        && found.SourceStamp.Split(';') is [var sinceText, var seenText, var tokenText]
        && long.TryParse(sinceText, CultureInfo.InvariantCulture, out var since)
        && long.TryParse(seenText, CultureInfo.InvariantCulture, out var seen)
            ? new FollowPosition(found.NextRow, since, found.Completed, new CatalogMoment(seen, Guid.TryParse(tokenText, out var token) ? token : null))
            : null;

    /// <summary>Requires that the copy can go on with what is there now, as far as that tells; the rest is asked of the server.</summary>
    /// <inheritdoc cref="CatalogMoment.RequireBefore"/>
    public void RequireBefore(CatalogIndex now) => Seen.RequireBefore(now, now.Epoch == Seen.Epoch ? now.Token : Seen.Token, Since);

    public LedgerEntry ToEntry(Guid catalog, int index) =>
        new(KeyOf(catalog, index), string.Create(CultureInfo.InvariantCulture, $"{Since};{Seen.Epoch};{Seen.Token:D}"), Epoch, 0, 0, 0, 0, Complete);
}
