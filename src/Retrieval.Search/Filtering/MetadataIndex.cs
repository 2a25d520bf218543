using System.Text.Json;
using Retrieval.Storage.Errors;
using Retrieval.Storage.Local.Reading;

namespace Retrieval.Search.Filtering;

/// <summary>
/// Which live images have which metadata: key and value to slots. A text, number or boolean counts as its text, a list
/// as each of its items; objects are not searchable.
/// </summary>
public sealed class MetadataIndex
{
    private readonly Dictionary<(string Key, string Value), List<int>> _slots = [];
    private readonly LocalIndex _index;
    private readonly List<long> _damaged = [];

    private MetadataIndex(LocalIndex index) => _index = index;

    /// <summary>Slots of live images whose metadata cannot be read: no condition holds for them, nor can be said not to hold.</summary>
    public IReadOnlyList<long> Damaged => _damaged;

    /// <summary>Reads the metadata of all live images. One that is damaged is set aside: it concerns no other.</summary>
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
            var any = values.SelectMany(value => _slots.GetValueOrDefault((key, value)) ?? []).ToHashSet();
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
                var (first, count) = _index.GetCaptionSlots(slot);
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
            _ = _index.GetCaptionSlots(slot);
            var json = _index.GetMetadata(slot);
            if (!json.IsEmpty)
            {
                using var document = JsonDocument.Parse(json);
                foreach (var member in document.RootElement.EnumerateObject())
                {
                    Add(member.Name, member.Value, (int)slot);
                }
            }

            return true;
        }
        catch (Exception exception) when (exception is IndexCorruptException or JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    private void Add(string key, JsonElement value, int slot)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
            case JsonValueKind.Number:
            case JsonValueKind.True:
            case JsonValueKind.False:
                var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
                if (!_slots.TryGetValue((key, text), out var slots))
                {
                    _slots[(key, text)] = slots = [];
                }

                slots.Add(slot);
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    Add(key, item, slot);
                }

                break;
        }
    }
}
