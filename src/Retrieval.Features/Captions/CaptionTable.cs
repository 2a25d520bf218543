using Retrieval.Domain.Errors;
using Retrieval.Domain.Numbers;
using Retrieval.Features.Sources;

namespace Retrieval.Features.Captions;

/// <summary>
/// Captions by image, held in memory. An image is found under its exact name, or else under what its name has in common with
/// one of the file's (<see cref="ImageKeys"/>). A caption that cannot be stored is left out and listed.
/// </summary>
/// <param name="file">Name of the file, for messages.</param>
/// <param name="form">What the file was recognised as, for people.</param>
internal sealed class CaptionTable(string file, string form)
{
    private const int MostFaults = 10_000;
    private const string LeftOut = "; the caption is left out";

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _names = new(StringComparer.Ordinal);
    private readonly List<RejectedSample> _ofNobody = [];
    private long _faults;
    private (string Place, string Reason)? _firstOdd;

    /// <summary>Name of the file.</summary>
    public string File => file;

    /// <summary>What the file was recognised as.</summary>
    public string Form => form;

    /// <summary>Whether such a file usually tells of more images than there are features: of the other splits as well.</summary>
    public bool IsOfManySplits { get; init; }

    /// <summary>Images that it names.</summary>
    public int Images => _entries.Count;

    /// <summary>Captions that can be stored.</summary>
    public long Captions { get; private set; }

    /// <summary>Names of its images.</summary>
    public IEnumerable<string> Names => _entries.Keys;

    /// <summary>Adds an image without captions, unless it is there.</summary>
    public void AddImage(string name, string? split = null)
    {
        if (_entries.TryAdd(name, new Entry(split)))
        {
            AddKey(ImageKeys.Of(name), name);
        }
    }

    /// <summary>Adds a second name of an image that is there.</summary>
    public void AddAlias(string alias, string name) => AddKey(ImageKeys.Of(alias), name);

    /// <summary>Adds a caption, and its image if it is not there.</summary>
    /// <param name="name">The image.</param>
    /// <param name="caption">The text.</param>
    /// <param name="place">Where it stands in the file: "line 17".</param>
    public void Add(string name, string caption, string place)
    {
        AddImage(name);
        var entry = _entries[name];
        if (SampleRules.CheckCaption(caption) is not { } reason)
        {
            entry.Captions.Add(caption);
            Captions++;
        }
        else
        {
            AddFault(entry, $"{place}: {reason}{LeftOut}");
        }
    }

    /// <summary>Lists a place that says of an image what is no caption. The image is added if it is not there.</summary>
    /// <param name="name">The image.</param>
    /// <param name="place">Where it stands in the file.</param>
    /// <param name="reason">What was found, and what was expected.</param>
    public void AddOdd(string name, string place, string reason)
    {
        AddImage(name);
        _firstOdd ??= (place, reason);
        AddFault(_entries[name], $"{place}: {reason}{LeftOut}");
    }

    /// <summary>Lists a place that says of no image what its caption is.</summary>
    /// <param name="place">Where it stands in the file.</param>
    /// <param name="reason">What was found, and what was expected.</param>
    public void AddOdd(string place, string reason)
    {
        _firstOdd ??= (place, reason);
        if (_faults++ < MostFaults)
        {
            _ofNobody.Add(new RejectedSample(file, 0, null, $"{place}: {reason}"));
        }
    }

    /// <summary>Refuses a file that has odd places and not one caption: it is of another form than it was taken for.</summary>
    /// <exception cref="InvalidInputException">Names the first odd place.</exception>
    public CaptionTable Checked() =>
        Captions == 0 && _firstOdd is var (place, reason) ? throw new InvalidInputException($"{reason}; the file has no caption that can be read", file, field: place) : this;

    /// <summary>What is wrong in places that belong to no image, and how much more was wrong than is listed.</summary>
    public IReadOnlyList<RejectedSample> OfNobody =>
        _faults <= MostFaults ? _ofNobody : [.. _ofNobody, new RejectedSample(file, 0, null, $"{Counted.Of(_faults - MostFaults, "more place")} like those listed; the first {MostFaults} are")];

    /// <summary>The captions of an image, and what was left out of them.</summary>
    /// <param name="id">The image's id.</param>
    /// <param name="split">The split that is wanted, if the file has splits; null for any.</param>
    /// <param name="asked">Receives the file's name of the image, with the id. Another id of the same image is refused.</param>
    /// <param name="captions">The captions in the file's order.</param>
    /// <param name="faults">Captions that were left out.</param>
    /// <returns>The reason for a refusal, or null.</returns>
    public string? Find(string id, string? split, Dictionary<string, string> asked, out IReadOnlyList<string> captions, out IReadOnlyList<string> faults)
    {
        (captions, faults) = ([], []);
        var name = id;
        if (!_entries.TryGetValue(id, out var entry))
        {
            if (!_names.TryGetValue(ImageKeys.Of(id), out var names))
            {
                return $"{file} has no entry for its id, expected captions or an empty list of them";
            }

            if (names.Count > 1)
            {
                return $"{file} may mean it by '{names[0]}' or by '{names[1]}', expected one name of each image";
            }

            name = names[0];
            entry = _entries[name];
        }

        if (!asked.TryAdd(name, id) && asked[name] != id)
        {
            return $"{file} has it as '{name}', which the id '{asked[name]}' before it is as well, expected one id of each image";
        }

        if (split is not null && entry.Split != split)
        {
            return $"{file} has it in the split '{entry.Split}', expected '{split}'";
        }

        (captions, faults) = (entry.Captions, entry.Faults);
        return null;
    }

    /// <summary>Names of the file's splits in their order; none if it has none.</summary>
    public IReadOnlyList<string> Splits => [.. _entries.Values.Select(entry => entry.Split).OfType<string>().Distinct().Order(StringComparer.Ordinal)];

    private void AddFault(Entry entry, string fault)
    {
        if (_faults++ < MostFaults)
        {
            entry.Faults.Add(fault);
        }
    }

    private void AddKey(string key, string name)
    {
        if (!_names.TryGetValue(key, out var names))
        {
            _names.Add(key, names = []);
        }

        if (!names.Contains(name))
        {
            names.Add(name);
        }
    }

    private sealed class Entry(string? split)
    {
        public string? Split { get; } = split;

        public List<string> Captions { get; } = [];

        public List<string> Faults { get; } = [];
    }
}
