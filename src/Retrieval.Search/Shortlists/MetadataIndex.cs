using System.Text;
using System.Text.Json;
using Retrieval.Domain.Images;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;
using Retrieval.Storage.Postgres;

namespace Retrieval.Search.Shortlists;

/// <summary>
/// Maps metadata (key and value) to the slots of live images. A text, number or boolean is indexed by its text, and a number or
/// boolean also by its value; a list by each of its items; objects are not searchable.
/// </summary>
public sealed class MetadataIndex
{
    // By tag. A long value is represented by its hash, so that values stored before there were bounds are not copied here.
    private readonly Dictionary<string, List<int>> _slots = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ValueColumn> _columns = new(StringComparer.Ordinal);
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
        var values = new Dictionary<string, Dictionary<string, List<int>>>(StringComparer.Ordinal);
        for (long slot = 0; slot < index.Images.Slots; slot++)
        {
            if (index.Images.IsLive(slot) && !metadata.TryAdd(slot, values))
            {
                metadata._damaged.Add(slot);
            }
        }

        foreach (var (key, slots) in values)
        {
            metadata._columns[key] = new ValueColumn(slots);
        }

        return metadata;
    }

    /// <summary>Live image slots for which every condition holds; without conditions, all of them.</summary>
    public SlotBitmap Images(IReadOnlyDictionary<string, MetadataCondition> conditions)
    {
        ArgumentNullException.ThrowIfNull(conditions);
        SlotBitmap? matching = null;
        foreach (var (key, condition) in conditions)
        {
            var any = Any(key, condition);
            matching?.IntersectWith(any);
            matching ??= any;
        }

        return matching ?? Live();
    }

    /// <summary>Caption slots whose image meets every condition.</summary>
    public SlotBitmap Captions(IReadOnlyDictionary<string, MetadataCondition> conditions)
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

    private SlotBitmap Any(string key, MetadataCondition condition)
    {
        var any = new SlotBitmap(_index.Images.Slots);
        foreach (var text in condition.Texts)
        {
            foreach (var slot in _slots.GetValueOrDefault(Tags.Of(key, text)) ?? [])
            {
                any.Add(slot);
            }
        }

        if (_columns.TryGetValue(key, out var column))
        {
            foreach (var range in condition.Ranges)
            {
                column.AddTo(any, range);
            }
        }

        return any;
    }

    private SlotBitmap Live()
    {
        var live = new SlotBitmap(_index.Images.Slots);
        for (long slot = 0; slot < live.Slots; slot++)
        {
            if (_index.Images.IsLive(slot))
            {
                live.Add(slot);
            }
        }

        return live;
    }

    private bool TryAdd(long slot, Dictionary<string, Dictionary<string, List<int>>> values)
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
                    Add(key, ref reader, (int)slot, values);
                }
            }

            return true;
        }
        catch (Exception exception) when (exception is IndexCorruptException or JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private void Add(string? key, ref Utf8JsonReader value, int slot, Dictionary<string, Dictionary<string, List<int>>> values)
    {
        switch (value.TokenType)
        {
            case JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False:
                if (key is null || Text(ref value) is not { } text)
                {
                    break;
                }

                Add(_slots, Tags.Of(key, text), slot);
                if (OrderOf(value.TokenType, text) is { } order)
                {
                    if (!values.TryGetValue(key, out var ofKey))
                    {
                        values[key] = ofKey = new Dictionary<string, List<int>>(StringComparer.Ordinal);
                    }

                    Add(ofKey, order, slot);
                }

                break;
            case JsonTokenType.StartArray:
                while (value.Read() && value.TokenType != JsonTokenType.EndArray)
                {
                    Add(key, ref value, slot, values);
                }

                break;
            case JsonTokenType.StartObject:
                value.Skip();
                break;
        }
    }

    private static void Add(Dictionary<string, List<int>> slotsOf, string key, int slot)
    {
        if (!slotsOf.TryGetValue(key, out var slots))
        {
            slotsOf[key] = slots = [];
        }

        slots.Add(slot);
    }

    // Null for a text, and for a number beyond the bounds, which only another writer can have stored.
    private static string? OrderOf(JsonTokenType type, string text) => type switch
    {
        JsonTokenType.Number => MetadataValue.OfNumber(text, out _)?.Order,
        JsonTokenType.True or JsonTokenType.False => MetadataValue.Of(type == JsonTokenType.True).Order,
        _ => null,
    };

    // A text that no request can contain is not searchable.
    private static string? Text(ref Utf8JsonReader value) =>
        value.ValueSpan.Length > ImageBounds.MostMetadataBytes ? null
        : value.TokenType is JsonTokenType.String or JsonTokenType.PropertyName ? value.GetString()
        : Encoding.UTF8.GetString(value.ValueSpan);
}
