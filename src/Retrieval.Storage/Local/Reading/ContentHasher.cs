using System.Buffers.Binary;
using System.Security.Cryptography;
using Retrieval.Storage.Local.Files;

namespace Retrieval.Storage.Local.Reading;

/// <summary>Hashes the content of an index, independently of the rows it is stored in.</summary>
internal sealed class ContentHasher(LocalIndex index)
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public string Run(CancellationToken cancellation)
    {
        using var hash = _hash;
        var slots = new List<long>();
        for (long slot = 0; slot < index.Images.Slots; slot++)
        {
            if (index.Images.IsLive(slot))
            {
                slots.Add(slot);
            }
        }

        slots.Sort((a, b) => index.IdBytes(a).SequenceCompareTo(index.IdBytes(b)));
        var layout = index.Layout;
        foreach (var slot in slots)
        {
            cancellation.ThrowIfCancellationRequested();
            var (first, captions) = index.CaptionsOf(slot);
            Add(index.IdBytes(slot));
            Add(index.Map(layout.ContentHashes).Row(slot));
            Add(index.Blob(layout.Metadata, slot));
            Add(index.Blob(layout.Boxes, slot));
            AddItem(layout.Images, slot);
            Add(captions);
            for (var caption = first; caption < first + captions; caption++)
            {
                Add(index.Blob(layout.Texts, caption));
                AddItem(layout.Captions, caption);
            }
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private void AddItem(CollectionFiles files, long slot)
    {
        Add(index.Map(files.Embedding).Row(slot));
        foreach (var (spec, file) in files.Fields)
        {
            Add(spec.Ragged
                ? index.Map(file).Span(index.Map(files.Offset!).Number(slot) * spec.RowBytes, index.Map(files.Length!).Number(slot) * spec.RowBytes)
                : index.Map(file).Row(slot));
        }
    }

    // Each value is preceded by its length, so that different contents never give the same bytes.
    private void Add(ReadOnlySpan<byte> bytes)
    {
        Add(bytes.Length);
        _hash.AppendData(bytes);
    }

    private void Add(int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        _hash.AppendData(bytes);
    }
}
