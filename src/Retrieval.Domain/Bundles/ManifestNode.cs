using System.Globalization;
using System.Text.Json;

namespace Retrieval.Domain.Bundles;

/// <summary>
/// A node in a JSON document. It collects faults instead of throwing, so that a person who fixes a manifest by hand sees all of
/// them at once. A member that is missing or of another kind reads as empty and adds a fault.
/// </summary>
internal sealed class ManifestNode(JsonElement element, string path, List<string> faults)
{
    public IReadOnlyList<string> Faults => faults;

    public void Fault(string what) => faults.Add($"{path} {what}");

    /// <summary>A fault of a member, as <see cref="Fault(string)"/> of its node.</summary>
    public void Fault(string name, string what) => faults.Add($"{path}.{name} {what}");

    public bool IsText() => element.ValueKind == JsonValueKind.String;

    public bool IsText(string value) => element.ValueKind == JsonValueKind.String && element.ValueEquals(value);

    public ManifestNode Node(string name)
    {
        if (Find(name) is not { ValueKind: JsonValueKind.Object } found)
        {
            Missing(name, "an object");
            return new ManifestNode(default, $"{path}.{name}", []);
        }

        return new ManifestNode(found, $"{path}.{name}", faults);
    }

    /// <summary>Whether there is such a member, whatever it is.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>Null if there is no such member; one that is there must be an object.</summary>
    public ManifestNode? OptionalNode(string name) => Has(name) ? Node(name) : null;

    public IEnumerable<(string Name, ManifestNode Node)> Members() => element.ValueKind == JsonValueKind.Object
        ? element.EnumerateObject().Select(member => (member.Name, new ManifestNode(member.Value, $"{path}['{member.Name}']", faults)))
        : [];

    public IEnumerable<ManifestNode> Items(string name)
    {
        if (Find(name) is not { ValueKind: JsonValueKind.Array } found)
        {
            Missing(name, "an array");
            return [];
        }

        return found.EnumerateArray().Select((item, i) => new ManifestNode(item, string.Create(CultureInfo.InvariantCulture, $"{path}.{name}[{i}]"), faults));
    }

    public string Text(string name, params ReadOnlySpan<string> allowed)
    {
        if (Find(name) is not { ValueKind: JsonValueKind.String } found || found.GetString() is not { Length: > 0 } text)
        {
            Missing(name, "a text");
            return "";
        }

        if (allowed.Length > 0 && !allowed.Contains(text))
        {
            Fault(name, $"is '{text}'; expected one of {string.Join(", ", allowed!)}");
        }

        return text;
    }

    public int Integer(string name, int least, int most)
    {
        if (Find(name) is not { } found)
        {
            Missing(name, "a whole number");
            return least;
        }

        return new ManifestNode(found, $"{path}.{name}", faults).AsInteger(least, most);
    }

    public int AsInteger(int least, int most)
    {
        if (element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var value) && value >= least && value <= most)
        {
            return value;
        }

        Fault(string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {least} to {most}"));
        return least;
    }

    public double Number(string name, double least, double most)
    {
        if (Find(name) is { ValueKind: JsonValueKind.Number } found && found.TryGetDouble(out var value) && value >= least && value <= most)
        {
            return value;
        }

        Missing(name, most < double.MaxValue
            ? string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}")
            : string.Create(CultureInfo.InvariantCulture, $"a finite number, at least {least}"));
        return least;
    }

    private JsonElement? Find(string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var found) ? found : null;

    private void Missing(string name, string expected) => Fault(name, $"must be {expected}");
}
