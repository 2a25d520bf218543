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
internal sealed record FollowPosition(long Epoch, long Since, bool Complete)
{
    public static FollowPosition At(long epoch) => new(epoch, epoch, Complete: true);

    public static string KeyOf(Guid catalog, int index) => string.Create(CultureInfo.InvariantCulture, $"catalog:{catalog:D}/{index}");

    /// <summary>The position a ledger names; null if it names none.</summary>
    public static FollowPosition? Of(IEnumerable<LedgerEntry> ledger, Guid catalog, int index) =>
        ledger.FirstOrDefault(entry => entry.SourceKey == KeyOf(catalog, index)) is { } found
        && long.TryParse(found.SourceStamp, CultureInfo.InvariantCulture, out var since)
            ? new FollowPosition(found.NextRow, since, found.Completed)
            : null;

    /// <summary>Whether the copy can go on from here: no deletion that concerns it is gone, and the catalog has not gone back.</summary>
    public bool CanFollow(CatalogIndex index) => index.PurgedEpoch <= Since && index.Epoch >= Epoch;

    public LedgerEntry ToEntry(Guid catalog, int index) =>
        new(KeyOf(catalog, index), Since.ToString(CultureInfo.InvariantCulture), Epoch, 0, 0, 0, 0, Complete);
}
