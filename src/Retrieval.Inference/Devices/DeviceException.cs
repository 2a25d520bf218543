using Retrieval.Domain.Errors;

namespace Retrieval.Inference.Devices;

/// <summary>A provider, its libraries or the device it computes on is missing or refuses to work; nothing is computed elsewhere instead.</summary>
public sealed class DeviceException(string message, Exception? innerException = null) : RetrievalException(message, innerException);
