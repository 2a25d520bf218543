using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using Retrieval.Inference.Devices;

namespace Retrieval.Inference.Sessions;

/// <summary>
/// Verifies from a session's own profile that the only nodes it ran on the CPU instead of the device were shape arithmetic: nodes
/// whose outputs are a few integers. With a matrix product or a gather of records there, the graph would silently compute on the
/// CPU.
/// </summary>
internal static class PlacementProof
{
    private const string Cpu = "CPUExecutionProvider";
    private const long MostBytes = 1024;
    private static readonly string[] ShapeTypes = ["int64", "int32", "bool"];

    /// <summary>Whether a session was refused because nodes were assigned to the CPU.</summary>
    public static bool IsCalledFor(OnnxRuntimeException exception) => exception.Message.Contains("assigned to the default CPU EP", StringComparison.Ordinal);

    /// <summary>Makes a session record what it runs.</summary>
    public static void Record(SessionOptions settings)
    {
        settings.ProfileOutputPathPrefix = Path.Combine(Path.GetTempPath(), $"retrieval-placement-{Environment.ProcessId}-{Guid.NewGuid():N}");
        settings.EnableProfiling = true;
    }

    /// <summary>Ends the recording, after the graph has run on representative inputs, and checks it.</summary>
    /// <exception cref="DeviceException">Nodes computed on the CPU; they are named.</exception>
    public static void Check(InferenceSession session, string graph, string device)
    {
        var path = session.EndProfiling();
        try
        {
            var faults = Faults(File.ReadAllBytes(path)).Distinct().ToList();
            if (faults.Count > 0)
            {
                throw new DeviceException($"{graph} would in part be computed on the CPU and not on {device}: {string.Join(", ", faults.Take(10))}{(faults.Count > 10 ? $" and {faults.Count - 10} more" : "")}");
            }
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Ends and deletes the recording of a session that will not be used.</summary>
    public static void Forget(InferenceSession session) => File.Delete(session.EndProfiling());

    private static IEnumerable<string> Faults(byte[] profile)
    {
        using var events = JsonDocument.Parse(profile);
        var nodes = 0;
        foreach (var entry in events.RootElement.EnumerateArray())
        {
            if (!entry.TryGetProperty("args", out var args) || !args.TryGetProperty("provider", out var provider) || !args.TryGetProperty("op_name", out var operation))
            {
                continue;
            }

            nodes++;
            if (provider.GetString() == Cpu && !IsShapeArithmetic(args))
            {
                yield return $"{operation.GetString()} {NameOf(entry)}";
            }
        }

        // An empty profile proves nothing.
        if (nodes == 0)
        {
            yield return "the runtime recorded no node";
        }
    }

    private static string NameOf(JsonElement entry)
    {
        const string suffix = "_kernel_time";
        var name = entry.GetProperty("name").GetString() ?? "";
        return name.EndsWith(suffix, StringComparison.Ordinal) ? name[..^suffix.Length] : name;
    }

    private static bool IsShapeArithmetic(JsonElement args) =>
        args.TryGetProperty("output_size", out var size) && long.TryParse(size.GetString(), out var bytes) && bytes <= MostBytes
        && args.TryGetProperty("output_type_shape", out var outputs)
        && outputs.EnumerateArray().All(output => output.EnumerateObject().All(shape => ShapeTypes.Contains(shape.Name)));
}
