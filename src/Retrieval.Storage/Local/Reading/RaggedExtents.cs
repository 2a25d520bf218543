using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Reading;

/// <summary>
/// Which ragged rows each item owns is followed by address in the scorer's graph, where nothing checks it any more. So
/// it is checked when an index is opened: 16 bytes an item, which are needed in memory anyway.
/// </summary>
internal static unsafe class RaggedExtents
{
    /// <summary>Requires that the items own the rows one after the other, each row once.</summary>
    /// <param name="index">The index that is being opened.</param>
    /// <param name="files">Images or captions.</param>
    /// <param name="rows">Ragged rows.</param>
    /// <param name="known">Items and ragged rows at the beginning of which that is known already.</param>
    /// <exception cref="IndexCorruptException">An item is said to own other rows.</exception>
    public static void Require(LocalIndex index, CollectionFiles files, long rows, (long Items, long Rows) known)
    {
        if (files.Offset is null || files.Length is null)
        {
            return;
        }

        var items = index.Map(files.Offset).Rows;
        var offsets = (long*)index.Map(files.Offset).Pointer;
        var lengths = (long*)index.Map(files.Length).Pointer;
        var next = known.Rows;
        for (var item = known.Items; item < items; item++)
        {
            // One comparison for both bounds: a negative length is a very large one.
            if (offsets[item] != next || (ulong)lengths[item] > (ulong)(rows - next))
            {
                throw new IndexCorruptException(
                    index.DataFolder, offsets[item] != next ? files.Offset.Path : files.Length.Path, $"item {item} is said to own {lengths[item]} rows from {offsets[item]}; expected to begin at {next}, of {rows}");
            }

            next += lengths[item];
        }

        if (next != rows)
        {
            throw new IndexCorruptException(index.DataFolder, files.Length.Path, $"the items own {next} ragged rows, there are {rows}");
        }
    }
}
