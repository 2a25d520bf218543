using System.Text;
using System.Text.Json;
using Retrieval.Domain.Images;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres;

namespace Retrieval.Search.Shortlists;

/// <summary>
/// Maps metadata (key and value) to the slots of live images. A text, number or boolean is indexed by its text, a list by
/// each of its items; objects are not searchable.
/// </summary>
public sealed class MetadataIndex
{
    // By tag. A long value is represented by its hash, so that values stored before there were bounds are not copied here.
    private readonly Dictionary<string, List<int>> _slots = new(StringComparer.Ordinal);
    private readonly LocalIndex _index;
    private readonly StoredTexts _texts;
    private readonly List<long> _damaged = [];

    private MetadataIndex(LocalIndex index) => (_index, _texts) = (index, new StoredTexts(index));

    /// <summary>Live images whose metadata cannot be read: whether a condition holds cannot be known, so it counts as not met.</summary>
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

    /// <summary>Caption slots whose image meets every condition.</summary>
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
            // A filter also needs the range of its captions.
            _ = _texts.Captions(slot);
            var json = _texts.Metadata(slot);
            if (json.IsEmpty || MetadataJson.Check(json) is not null)
            {
                return json.IsEmpty;
            }

            // Read in place: values that were stored before there were bounds may have any length.
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

    // A text that no request can contain is not searchable.
    private static string? Text(ref Utf8JsonReader value) =>
        value.ValueSpan.Length > ImageBounds.MostMetadataBytes ? null
        : value.TokenType is JsonTokenType.String or JsonTokenType.PropertyName ? value.GetString()
        : Encoding.UTF8.GetString(value.ValueSpan);
}
