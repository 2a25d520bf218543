using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Storage.Local.Verification;

/// <summary>Compares an open index with its checksums.</summary>
public static class LocalIndexVerification
{
    /// <summary>
    /// Reads every committed byte and compares it with its checksum. Also checks references between rows, and that the manifest
    /// and the data it could be rebuilt from are whole.
    /// </summary>
    public static IndexVerification Verify(this LocalIndex index, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(index);
        index.RequireOpen();
        var found = new IndexVerifier(index).Run(cancellation);
        return found with { Faults = [.. ManifestCheck.Of(index), .. found.Faults] };
    }

    /// <summary>Compares with their checksums, in this opening of the index, the files that another opening found damaged.</summary>
    /// <param name="index">This opening.</param>
    /// <param name="former">The other one.</param>
    /// <param name="cancellation">Ends the check.</param>
    /// <exception cref="IndexCorruptException">A file is not as committed, although it has the right length.</exception>
    public static void RequireRestored(this LocalIndex index, LocalIndex former, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(index);
        ArgumentNullException.ThrowIfNull(former);
        var result = new IndexVerifier(index).Run(former.DamagedFiles().ToHashSet(), cancellation);
        if (result.Faults is [var fault, ..])
        {
            throw new IndexCorruptException(index.DataFolder, fault.File, $"bytes {fault.FromByte} to {fault.ToByte}: {fault.Reason}");
        }
    }
}
