using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Retrieval.Inference.Sessions;

/// <summary>
/// Disables ONNX Runtime's usage reports: by default it writes a device id and a queue of events to the user's cache folder and
/// uploads them. It reads the environment once, when its first object is created, and it reads the C library's environment, which
/// the setters of .NET do not change.
/// </summary>
internal static partial class RuntimeTelemetry
{
#pragma warning disable CA2255 // Whoever makes the first object of the runtime, this has to come before it.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void TurnOff() => _ = SetEnvironment("ORT_DISABLE_TELEMETRY", "1", overwrite: 1);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
