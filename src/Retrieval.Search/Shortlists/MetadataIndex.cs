using System.Text;
using System.Text.Json;
using Retrieval.Domain.Images;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres;

namespace Retrieval.Search.Shortlists;

/// <summary>
/// Which live images have which metadata: key and value to slots. A text, number or boolean counts as its text, a list
/// as each of its items; objects are not searchable.
/// </summary>
public sealed class MetadataIndex
{
    // By tag: of a long value its hash, so that what was stored before there were bounds is not held here once more.
    private readonly Dictionary<string, List<int>> _slots = new(StringComparer.Ordinal);
    private readonly LocalIndex _index;
    private readonly StoredTexts _texts;
    private readonly List<long> _damaged = [];

    private MetadataIndex(LocalIndex index) => (_index, _texts) = (index, new StoredTexts(index));

    /// <summary>Live images whose metadata cannot be read: whether a condition holds for them cannot be known, so it does not.</summary>
    public IReadOnlyList<long> Damaged => _damaged;

    /// <summary>Reads the metadata of all live images.</summary>
    public static MetadataIndex Build(LocalIndex index)
    {
        ArgumentNullException.ThrowIfNull(index);
        var metadata = new MetadataIndex(index);
        for (long slot = 0; slot < index.Images.Slots; slot++)
        {
            if (index.Images.IsLive(slot) && !metadata.TryAdd(slot))
            {
                metadata._damaged.Add(slot);
            }
        }

        return metadata;
    }

    /// <summary>Live image slots for which every condition holds; without conditions, all of them.</summary>
    public SlotBitmap Images(IReadOnlyDictionary<string, IReadOnlyList<string>> conditions)
    {
        ArgumentNullException.ThrowIfNull(conditions);
        HashSet<int>? matching = null;
        foreach (var (key, values) in conditions)
        {
            var any = values.SelectMany(value => _slots.GetValueOrDefault(Tags.Of(key, value)) ?? []).ToHashSet();
            matching?.IntersectWith(any);
            matching ??= any;
        }

        var bitmap = new SlotBitmap(_index.Images.Slots);
        for (long slot = 0; matching is null && slot < bitmap.Slots; slot++)
        {
            if (_index.Images.IsLive(slot))
            {
                bitmap.Add(slot);
            }
        }

        foreach (var slot in matching ?? [])
        {
            bitmap.Add(slot);
        }

        return bitmap;
    }

    /// <summary>Caption slots whose image fulfils every condition.</summary>
    public SlotBitmap Captions(IReadOnlyDictionary<string, IReadOnlyList<string>> conditions)
    {
        var images = Images(conditions);
        var bitmap = new SlotBitmap(_index.Captions.Slots);
        for (long slot = 0; slot < images.Slots; slot++)
        {
            if (images.Contains(slot))
            {
                var (first, count) = _texts.Captions(slot);
                for (var caption = first; caption < first + count; caption++)
                {
                    bitmap.Add(caption);
                }
            }
        }

        return bitmap;
    }

    private bool TryAdd(long slot)
    {
        try
        {
            // Where its captions lie is part of what a filter needs.
            _ = _texts.Captions(slot);
            var json = _texts.Metadata(slot);
            if (json.IsEmpty || MetadataJson.Check(json) is not null)
            {
                return json.IsEmpty;
            }

            // Read where they lie: those that were stored before there were bounds may be of any length.
            var reader = new Utf8JsonReader(json);
            while (reader.Read())
            {
                if (reader.TokenType == JsonTokenType.PropertyName)
                {
                    var key = Text(ref reader);
                    reader.Read();
                    Add(key, ref reader, (int)slot);
                }
            }

            return true;
        }
        catch (Exception exception) when (exception is IndexCorruptException or JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private void Add(string? key, ref Utf8JsonReader value, int slot)
    {
        switch (value.TokenType)
        {
            case JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False:
                if (key is null || Text(ref value) is not { } text)
                {
                    break;
                }

                var tag = Tags.Of(key, text);
                if (!_slots.TryGetValue(tag, out var slots))
                {
                    _slots[tag] = slots = [];
                }

                slots.Add(slot);
                break;
            case JsonTokenType.StartArray:
                while (value.Read() && value.TokenType != JsonTokenType.EndArray)
                {
                    Add(key, ref value, slot);
                }

                break;
            case JsonTokenType.StartObject:
                value.Skip();
                break;
        }
    }

    // A text that no door takes is not searchable.
    private static string? Text(ref Utf8JsonReader value) =>
        value.ValueSpan.Length > ImageBounds.MostMetadataBytes ? null
        : value.TokenType is JsonTokenType.String or JsonTokenType.PropertyName ? value.GetString()
        : Encoding.UTF8.GetString(value.ValueSpan);
}
