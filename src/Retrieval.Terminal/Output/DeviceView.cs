using Retrieval.Inference.Devices;

namespace Retrieval.Terminal.Output;

/// <summary>Where a model computed, for people and programs.</summary>
/// <param name="Provider">The runtime's name for the provider, e.g. <c>CPUExecutionProvider</c>.</param>
/// <param name="Name">The device.</param>
/// <param name="Reason">Why it was chosen.</param>
public sealed record DeviceView(string Provider, string Name, string Reason)
{
    /// <summary>The device a model was loaded on.</summary>
    public static DeviceView Of(ComputeDevice device) => new(device.Provider, device.Name, device.Reason);

    /// <summary>E.g. <c>CPU (2 cores); CPU: the configuration says so</c>.</summary>
    public string Describe() => $"{Name}; {Reason}";
}
